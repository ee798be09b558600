import { withoutTokens } from './token-hiding.ts';

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
