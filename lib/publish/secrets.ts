type Write = NodeJS.WriteStream['write'];

const hidden = new Set<string>();
let wrapped = false;

/**
 * Replaces `token`, in every shape it is sent in, by *** in all that this process prints from now
 * on. simple-git logs the whole environment of its child processes under DEBUG, so printing is the
 * one place where a leak can be stopped.
 */
export function hideToken(token: string): void {
  const basic = Buffer.from(`x-access-token:${token}`);
  const shapes = [token, encodeURIComponent(token), Buffer.from(token).toString('base64')];
  for (const shape of [...shapes, basic.toString('base64'), basic.toString('base64url')]) {
    hidden.add(shape);
  }
  if (wrapped) return;
  wrapped = true;
  wrap(process.stdout);
  wrap(process.stderr);
}

/** `text` without any hidden token. */
export function withoutTokens(text: string): string {
  let clean = text;
  for (const shape of hidden) clean = clean.replaceAll(shape, '***');
  return clean;
}

function wrap(stream: NodeJS.WriteStream): void {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  const hiding = (chunk: unknown, ...rest: unknown[]) => write(clean(chunk), ...rest);
  stream.write = hiding as Write;
}

function clean(chunk: unknown): unknown {
  if (typeof chunk === 'string') return withoutTokens(chunk);
  if (!(chunk instanceof Uint8Array)) return chunk;
  const text = Buffer.from(chunk).toString('latin1');
  const safe = withoutTokens(text);
  return safe === text ? chunk : Buffer.from(safe, 'latin1');
}

/** Variables with tokens: no program that this tool starts gets to see them. */
const TOKENS = /^(GH_TOKEN|GITHUB_TOKEN|GH_ENTERPRISE_TOKEN|GITHUB_ENTERPRISE_TOKEN)$/i;

/** What simple-git 4 guards, or what would change where git works, whom it asks, what it logs. */
const GUARDED = /^(GIT_.*|EDITOR|VISUAL|PAGER|PREFIX|SSH_ASKPASS|LC_ALL|LANGUAGE)$/i;

/** Of those, what is the user's own choice and stays: who they are, their configuration, TLS. */
export const KEPT = [
  'GIT_AUTHOR_NAME',
  'GIT_AUTHOR_EMAIL',
  'GIT_COMMITTER_NAME',
  'GIT_COMMITTER_EMAIL',
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_SYSTEM',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
  'GIT_SSL_NO_VERIFY',
] as const;

/** What every git here is told besides: ask nobody, take no optional lock, speak English. */
const QUIET = {
  GIT_TERMINAL_PROMPT: '0',
  GCM_INTERACTIVE: 'never',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_LITERAL_PATHSPECS: '1',
  LC_ALL: 'C',
} as const;

/** The names that simple-git has to let through. */
export const ALLOWED: readonly string[] = [...KEPT, ...Object.keys(QUIET)];

/** The environment for programs that must not see the token, under whatever name it is there. */
export function quietEnvironment(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value === undefined || TOKENS.test(name)) continue;
    if (GUARDED.test(name) && !KEPT.some((kept) => kept === name.toUpperCase())) continue;
    if (withoutTokens(value) !== value) continue;
    env[name] = value;
  }
  return { ...env, ...QUIET };
}
