/**
 * Private repositories on loopback, as GitHub keeps them: over ssh with a read-only key for each repository, over http
 * with a token. The repositories are those of the open git server, so that the checks push without credentials.
 */
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ServerChannel, Session } from 'ssh2';
import ssh2 from 'ssh2';
import { serveGit } from './git-server.ts';

const { Server, utils } = ssh2;

/** A key as it goes into a Secret, and as the server compares it. */
export type Key = { readonly identity: string; readonly identityPub: string };

/** The servers, and what they let in. */
export type PrivateGit = {
  /** The web address, and the ssh address. */
  readonly url: string;
  readonly sshUrl: string;
  /** The line with which a client recognizes the ssh server. */
  readonly knownHosts: string;
  /** Lets a public key or a token read the repositories, as `OWNER/REPO`. */
  readonly allow: (secret: string, ...repositories: string[]) => void;
  readonly revoke: (secret: string) => void;
  readonly close: () => Promise<void>;
};

/** A new ed25519 key in OpenSSH's own format. */
export function makeKey(): Key {
  const made = utils.generateKeyPairSync('ed25519');
  return { identity: made.private, identityPub: made.public };
}

/** Serves the repositories below `root` to whoever `allow` names. */
export async function servePrivateGit(root: string): Promise<PrivateGit> {
  const readable = new Map<string, ReadonlySet<string>>();
  const mayRead = (secret: string, repository: string) =>
    readable.get(secret)?.has(repository) === true;
  const web = await serveGit(root, '127.0.0.1', 0, (request, response, repository) =>
    hasToken(request, response, repository, readable),
  );
  const host = makeKey();
  const ssh = new Server({ hostKeys: [host.identity] }, (client) => {
    let key = '';
    client.on('error', () => undefined);
    client.on('authentication', (context) => {
      if (context.method !== 'publickey' || context.username !== 'git') {
        context.reject(['publickey']);
        return;
      }
      const offered = `${context.key.algo} ${context.key.data.toString('base64')}`;
      const parsed = utils.parseKey(offered);
      const isOwner =
        !(parsed instanceof Error) &&
        (context.signature === undefined ||
          (context.blob !== undefined &&
            parsed.verify(context.blob, context.signature, context.hashAlgo)));
      if (!readable.has(offered) || !isOwner) {
        context.reject(['publickey']);
        return;
      }
      key = offered;
      context.accept();
    });
    client.on('session', (accept) => answer(accept(), root, (one) => mayRead(key, one)));
  });
  await new Promise<void>((done) => ssh.listen(0, '127.0.0.1', done));
  const { port } = ssh.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${web.port}`,
    sshUrl: `ssh://git@127.0.0.1:${port}`,
    knownHosts: `[127.0.0.1]:${port} ${host.identityPub}`,
    allow: (secret, ...repositories) => {
      readable.set(idOf(secret), new Set(repositories));
    },
    revoke: (secret) => readable.delete(idOf(secret)),
    close: async () => {
      await new Promise((done) => ssh.close(done));
      await web.close();
    },
  };
}

/** A public key without its comment; a token as it is. */
const idOf = (secret: string): string => secret.trim().split(/\s+/).slice(0, 2).join(' ');

/** Runs git for a client that may read the repository. GitHub says the same to everybody else. */
function answer(session: Session, root: string, mayRead: (repository: string) => boolean): void {
  session.on('env', (accept) => accept?.());
  session.on('exec', (accept, _, { command }) => {
    const channel = accept();
    const [, owner, repo] =
      /^git-upload-pack '\/?([\w.-]+)\/([\w.-]+?)(?:\.git)?'$/.exec(command) ?? [];
    if (owner === undefined || repo === undefined || !mayRead(`${owner}/${repo}`)) {
      channel.stderr.write('ERROR: Repository not found.\n');
      end(channel, 1);
      return;
    }
    const git = spawn('git', ['upload-pack', join(root, owner, `${repo}.git`)]);
    git.stdin.on('error', () => undefined);
    channel.pipe(git.stdin);
    git.stdout.pipe(channel, { end: false });
    git.on('close', (code) => end(channel, code ?? 1));
  });
}

function end(channel: ServerChannel, code: number): void {
  channel.exit(code);
  channel.end();
}

/** Whether the request has a token that reads the repository. Answers it as GitHub does if not. */
function hasToken(
  { headers }: IncomingMessage,
  response: ServerResponse,
  repository: string,
  readable: ReadonlyMap<string, ReadonlySet<string>>,
): boolean {
  const [scheme, word = ''] = (headers.authorization ?? '').split(' ');
  const [, token = ''] = Buffer.from(word, 'base64').toString().split(':');
  const known = scheme === 'Basic' ? readable.get(token) : undefined;
  if (known?.has(repository)) return true;
  if (known === undefined)
    response
      .writeHead(401, { 'www-authenticate': 'Basic realm="GitHub"' })
      .end(headers.authorization === undefined ? '' : 'Invalid username or token.\n');
  else response.writeHead(404).end('Repository not found.\n');
  return false;
}

/** A new ed25519 key in the format PKCS 8, which node:crypto writes. */
export function makePkcs8Key(): Key {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const field = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  const blob = Buffer.concat([field(Buffer.from('ssh-ed25519')), field(raw)]);
  return {
    identity: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    identityPub: `ssh-ed25519 ${blob.toString('base64')}`,
  };
}
