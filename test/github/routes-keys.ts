/** Deploy keys, host keys, Apps, and what a token reads. */
import { createVerify } from 'node:crypto';
import { fullRepository, type Repo, simpleUser } from './bodies.ts';
import { sample, type Tree } from './description.ts';
import { type Call, fail, NOT_FOUND, ok, type Reply } from './replies.ts';
import type { App, DeployKey, World } from './world.ts';

/** The answer of GET /meta. */
export function metaBody({ sshKeys }: World): Tree {
  const hosts = sshKeys === undefined ? {} : { ssh_keys: sshKeys };
  return { verifiable_password_authentication: true, ...hosts };
}

function keyBody(
  { id, title, key, readOnly, createdAt, lastUsed, repo }: DeployKey,
  web: string,
): Tree {
  const time = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    ...{ id, title, key, read_only: readOnly, verified: true, enabled: true, added_by: 'octo' },
    url: `${web}/api/v3/repos/${repo.owner.login}/${repo.name}/keys/${id}`,
    created_at: time(createdAt),
    last_used: lastUsed === undefined ? null : time(lastUsed),
  };
}

/** GET /repos/OWNER/NAME/keys. */
export function listKeys({ standIn, query }: Call, repo: Repo): Reply {
  const size = Number(query.get('per_page') ?? 30);
  const start = (Number(query.get('page') ?? 1) - 1) * size;
  const keys = standIn.deployKeys.filter((one) => one.repo === repo);
  return ok(keys.slice(start, start + size).map((one) => keyBody(one, standIn.url)));
}

const invalidKey = (message: string, more: Tree = {}): Reply =>
  fail(422, 'Validation Failed', {
    errors: [{ resource: 'PublicKey', code: 'custom', ...more, message }],
  });

/** POST /repos/OWNER/NAME/keys. */
export function addKey({ standIn, body }: Call, repo: Repo): Reply {
  const key = String(body.key);
  if (!standIn.policy.deployKeys) return invalidKey('Deploy keys are disabled for this repository');
  if (!/^(ssh-ed25519|ssh-rsa) [A-Za-z0-9+/]{60,}=*$/.test(key))
    return invalidKey('key is invalid. You must supply a key in OpenSSH public key format', {
      field: 'key',
    });
  if (standIn.deployKeys.some((one) => one.key === key))
    return invalidKey('key is already in use', { field: 'key' });
  if (body.read_only !== true) standIn.violations.push('a deploy key can write');
  const added = standIn.addDeployKey(repo, String(body.title), key);
  return { status: 201, body: keyBody(added, standIn.url) };
}

/** DELETE /repos/OWNER/NAME/keys/ID. */
export function deleteKey({ standIn, values: [, , id] }: Call, repo: Repo): Reply {
  const at = standIn.deployKeys.findIndex((one) => one.repo === repo && String(one.id) === id);
  if (at < 0) return NOT_FOUND;
  standIn.deployKeys.splice(at, 1);
  return { status: 204, body: undefined };
}

/** Whether `jwt` is a token that `app` may sign in with now. */
export function isSignedBy(jwt: string, { id, publicKey }: App): boolean {
  const [head = '', claims = '', signature = ''] = jwt.split('.');
  const read = (text: string): Tree =>
    JSON.parse(Buffer.from(text, 'base64url').toString()) as Tree;
  const { iat, exp, iss } = read(claims);
  const now = Date.now() / 1000;
  const isTimely = Number(iat) <= now && Number(exp) > now && Number(exp) - now <= 600;
  const isSigned = createVerify('RSA-SHA256')
    .update(`${head}.${claims}`)
    .verify(publicKey, signature, 'base64url');
  return read(head).alg === 'RS256' && String(iss) === String(id) && isTimely && isSigned;
}

/** GET /repos/OWNER/NAME/installation. */
export function getInstallation({ standIn, values: [login = '', name = ''], caller }: Call): Reply {
  if (typeof caller !== 'object' || !('installation' in caller)) return NOT_FOUND;
  const repo = standIn.findRepo(login, name);
  const owner = standIn.findOwner(login);
  const isSelected = caller.repos === 'all' || caller.repos.includes(name);
  if (!repo || !owner || caller.owner !== owner.login || !isSelected) return NOT_FOUND;
  const date = '2026-01-01T00:00:00Z';
  return ok({
    ...sample('installation'),
    id: caller.installation,
    app_id: caller.id,
    account: simpleUser(owner, standIn.url),
    repository_selection: caller.repos === 'all' ? 'all' : 'selected',
    permissions: caller.reads ? { contents: 'read', metadata: 'read' } : { metadata: 'read' },
    html_url: `${standIn.url}/settings/installations/${caller.installation}`,
    created_at: date,
    updated_at: date,
    suspended_at: caller.suspended ? date : null,
  });
}

/** GET /user/repos. */
export function listReadable({ standIn, query, caller }: Call): Reply {
  const names = typeof caller === 'object' && 'repos' in caller ? caller.repos : 'all';
  const found = standIn.repos.filter(
    (repo) =>
      (names === 'all' || names.includes(repo.name)) &&
      (query.get('visibility') !== 'private' || repo.private),
  );
  return ok(found.map((repo) => repositoryBody(repo, standIn.url)));
}

function repositoryBody(repo: Repo, web: string): Tree {
  const full = fullRepository(repo, web);
  const known = sample('repository');
  const shared = Object.keys(known).filter((key) => key in full);
  return { ...known, ...Object.fromEntries(shared.map((key) => [key, full[key] ?? null])) };
}
