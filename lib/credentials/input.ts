/** What a person gives for Flux: a token, or a GitHub App and its key. None of it can be in an argument. */
import { UserError } from '../errors.ts';
import { tokenPage } from '../plan/values/secret-commands.ts';
import type { Prepared } from '../prepared.ts';
import { FLUX_TOKEN, hidePrivateKey, hideToken } from '../publish/secrets.ts';
import { standardInput, type Token } from '../publish/token.ts';
import type { AppGiven } from './github-checks.ts';
import { readGiven } from './run-context.ts';
import type { Source } from './sources.ts';

/** The token for `source`: from standard input, the environment or a question. Throws a UserError if there is none. */
export async function tokenFor(
  source: Source,
  { given, terminal, asks }: Prepared,
): Promise<Token> {
  const name = `${source.owner}/${source.repo}`;
  const found = given.switches.secretStdin
    ? { value: standardInput(), source: '--secret-stdin' }
    : { value: process.env[FLUX_TOKEN]?.trim() ?? '', source: FLUX_TOKEN };
  if (found.value === '' && asks && !given.switches.secretStdin) {
    const message = `Which token reads ${name}? (it is not shown)`;
    const answers = await terminal.ask([{ ...QUESTION, name: 'token', message }]);
    Object.assign(found, { value: answers.token?.trim() ?? '', source: 'your answer' });
  }
  if (found.value !== '') hideToken(found.value);
  if (/^[\x21-\x7e]{1,1024}$/.test(found.value)) return found;
  const what =
    found.value === '' ? 'There is no token' : `The token from ${found.source} is not one word`;
  throw new UserError(
    `${what} with which Flux can read ${name}. Nothing was changed.\n` +
      `  Create a fine-grained token that only reads the contents of ${name}: ${tokenPage(source.web)}/new\n` +
      `  Then pipe it into the command with --secret-stdin, or set ${FLUX_TOKEN}. A token in an argument would be visible to other users.`,
    1,
  );
}

const QUESTION = {
  byDefault: () => '',
  when: () => true,
  validate: (text: string) => text.trim() !== '' || 'Paste the token, or press Ctrl-C.',
  isSecret: true,
} as const;

/** The GitHub App of the flags. */
export function appGiven({ given }: Prepared): AppGiven {
  const { texts, switches } = given;
  const [file] = texts.privateKey ?? [];
  const source = file === undefined ? '--secret-stdin' : `--private-key ${file}`;
  const read = file === undefined && switches.secretStdin ? standardInput() : undefined;
  const privateKey = `${(read ?? readGiven(file ?? '', '--private-key')).trim()}\n`;
  hidePrivateKey(privateKey);
  return {
    appId: texts.appId?.[0] ?? '',
    installationId: texts.installationId?.[0],
    privateKey,
    source,
  };
}
