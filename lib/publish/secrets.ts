type Write = NodeJS.WriteStream['write'];

const hidden = new Set<string>();
let wrapped = false;

/**
 * From now on, replaces `token` with *** in all output of this process, in every encoding in which it is sent. With
 * DEBUG, simple-git logs the whole environment of its child processes, so only the output can be filtered.
 */
export function hideToken(token: string): void {
  const basic = Buffer.from(`x-access-token:${token}`);
  const shapes = [token, encodeURIComponent(token), Buffer.from(token).toString('base64')];
  for (const shape of [...shapes, basic.toString('base64'), basic.toString('base64url')]) {
    hidden.add(shape);
  }
  wrapOutput();
}

/**
 * From now on, replaces a private key with *** in all output of this process: as it is, line by line, and as a Secret
 * has it.
 */
export function hidePrivateKey(key: string): void {
  hidden.add(Buffer.from(key).toString('base64'));
  for (const line of key.split('\n'))
    if (line.length > 16 && !line.startsWith('--')) hidden.add(line);
  wrapOutput();
}

/**
 * Writes `text` to stdout with all secrets in it: for the one output that another program reads. Rejects if that program
 * has ended; other output is not that important.
 */
export function writeSecretly(text: string): Promise<void> {
  return new Promise((done, fail) => {
    process.stdout.removeAllListeners('error').on('error', fail);
    plainWrite(text, (error?: Error | null) => (error ? fail(error) : done()));
  });
}

const plainWrite = process.stdout.write.bind(process.stdout);

function wrapOutput(): void {
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

/** Variables with tokens. No program that this tool starts sees them. */
const TOKENS = /^(GH_TOKEN|GITHUB_TOKEN|GH_ENTERPRISE_TOKEN|GITHUB_ENTERPRISE_TOKEN)$/i;

/** Variables that simple-git 4 refuses, and variables that change where git works, what it asks or what it logs. */
const GUARDED = /^(GIT_.*|EDITOR|VISUAL|PAGER|PREFIX|SSH_ASKPASS|LC_ALL|LANGUAGE)$/i;

/** Guarded variables that stay, because they are the user's choice: identity, configuration, TLS. */
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

/** Every git here asks no questions, takes no optional lock and prints English. */
const QUIET = {
  GIT_TERMINAL_PROMPT: '0',
  GCM_INTERACTIVE: 'never',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_LITERAL_PATHSPECS: '1',
  LC_ALL: 'C',
} as const;

/** The names that simple-git must let through. */
export const ALLOWED: readonly string[] = [...KEPT, ...Object.keys(QUIET)];

/** The variable with the token that Flux gets. */
export const FLUX_TOKEN = 'FLUX_GIT_TOKEN';

/** The environment of this process without any token: for kubectl, whose sign-in needs the rest of it. */
export function environmentWithoutTokens(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value = ''] of Object.entries(process.env))
    if (!TOKENS.test(name) && name !== FLUX_TOKEN && withoutTokens(value) === value)
      env[name] = value;
  return env;
}

/** The environment for programs that must not see the token, whatever the name of its variable. */
export function quietEnvironment(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value === undefined || TOKENS.test(name) || name === FLUX_TOKEN) continue;
    if (GUARDED.test(name) && !KEPT.some((kept) => kept === name.toUpperCase())) continue;
    if (withoutTokens(value) !== value) continue;
    env[name] = value;
  }
  return { ...env, ...QUIET };
}
