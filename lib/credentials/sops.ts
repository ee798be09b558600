/** Encrypts a Secret with the user's own sops, so that a git repository may keep it. */
import { spawn } from 'node:child_process';
import { devNull } from 'node:os';
import { isMap, parseDocument } from 'yaml';
import { UserError } from '../errors.ts';
import { environmentWithoutTokens } from '../publish/secrets.ts';
import { yamlValue } from '../render/yaml-leaves.ts';
import { manifestOf } from './secret.ts';

/** What Flux needs in plain text stays so: who the Secret is, and for whom it is encrypted. */
const ENCRYPTED = '^(data|stringData)$';

/**
 * `secret` as YAML with encrypted data, for the age keys of `recipients`. `name` is the name of the file that gets it.
 * Throws a UserError if there is no sops, if it refuses, or if its answer is not what was asked for.
 */
export async function encrypt(
  secret: object,
  recipients: readonly string[],
  name: string,
): Promise<string> {
  const text = await runSops(
    [
      // A .sops.yaml of the user could add recipients, or refuse the file.
      ...['--config', devNull, 'encrypt', '--age', recipients.join(',')],
      ...['--encrypted-regex', ENCRYPTED, '--filename-override', name],
    ],
    manifestOf([secret]),
  );
  const { data, sops } = (readYaml(text) ?? {}) as Encrypted;
  const values = Object.values(data ?? {});
  const isHidden = values.length > 0 && values.every((one) => /^ENC\[/.test(String(one)));
  const known = (sops?.age ?? []).map(({ recipient }) => recipient);
  if (isHidden && [...known].sort().join() === [...recipients].sort().join()) return text;
  throw new UserError(
    'The sops on your PATH did not encrypt the Secret for the recipients of --sops-age, so it was not written.\n' +
      `  Look at sops --version. This needs sops ${OLDEST} or newer.`,
    1,
  );
}

/** Throws a UserError if sops cannot encrypt for `recipients`; before any key is made. */
export async function checkSops(recipients: readonly string[]): Promise<void> {
  const data = { test: Buffer.from('test').toString('base64') };
  await encrypt({ apiVersion: 'v1', kind: 'Secret', data }, recipients, 'test.sops.yaml');
}

/** Whether sops encrypted `text`. */
export function isEncrypted(text: string): boolean {
  const document = parseDocument(text);
  return document.errors.length === 0 && isMap(document.get('sops'));
}

type Encrypted = {
  readonly data?: { readonly [field: string]: unknown };
  readonly sops?: { readonly age?: readonly { readonly recipient?: string }[] };
};

function readYaml(text: string): unknown {
  return yamlValue(parseDocument(text));
}

/** The oldest sops that reads standard input. */
const OLDEST = '3.10';

/** Runs sops. The Secret must be in `input`: other users of the machine can read the arguments of a process. */
function runSops(args: readonly string[], input: string): Promise<string> {
  // The variables of sops could add recipients.
  const env = Object.fromEntries(
    Object.entries(environmentWithoutTokens()).filter(([name]) => !/^SOPS_/i.test(name)),
  );
  return new Promise((done, fail) => {
    const child = spawn('sops', args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    child.on('error', (error: NodeJS.ErrnoException) => fail(explainStart(error)));
    // sops can end before it has read its input.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.on('close', (code) => {
      if (code === 0) done(Buffer.concat(out).toString('utf8'));
      else fail(refusal(Buffer.concat(errors).toString('utf8').trim() || `exit ${code}`));
    });
  });
}

const refusal = (message: string): UserError =>
  new UserError(
    `sops: ${message}\n  Nothing was written. This needs sops ${OLDEST} or newer, and the recipients of --sops-age must be right.`,
    1,
  );

function explainStart(error: NodeJS.ErrnoException): Error {
  if (error.code !== 'ENOENT') return error;
  return new UserError(
    'This needs sops, and there is no sops on your PATH. Nothing was changed.\n' +
      '  Install it (https://getsops.io/docs/), or run the command without --sops.',
    1,
    error,
  );
}
