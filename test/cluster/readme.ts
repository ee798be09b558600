/** What the generated READMEs promise, read from them: commands, and messages with their place. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { configPath, type Estate } from './estate.ts';

/** A row of a troubleshooting table: a message matches one of `quotes`; it stands on `where`. */
type Row = { quotes: RegExp[]; where: string; advice: string };

/** The commands of the config repo's README that start with the given words. */
export function commandsOf(estate: Estate, start: string): string[] {
  const lines = readFileSync(configPath(estate, 'README.md'), 'utf8').split('\n');
  return lines.map((line) => line.trim()).filter((line) => line.startsWith(start));
}

/** The block of YAML in the config repo's README that has `words` in it. */
export function manifestOf(estate: Estate, words: string): string {
  const readme = readFileSync(configPath(estate, 'README.md'), 'utf8');
  const blocks = [...readme.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);
  const found = blocks.find((text) => text.includes(words));
  if (found === undefined) throw new Error(`The README shows no YAML with the words "${words}".`);
  return found;
}

/** Runs a command of the README in the config repo's folder, as a reader would. */
export async function runInConfigRepo(estate: Estate, command: string): Promise<string> {
  const { kubeconfig, kubectl } = estate.cluster;
  const path = `${dirname(kubectl)}${delimiter}${process.env.PATH}`;
  const env = { ...process.env, KUBECONFIG: kubeconfig, PATH: path };
  const options = { cwd: configPath(estate), env, timeout: 120_000 };
  return (await promisify(execFile)('sh', ['-ec', command], options)).stdout;
}

/** The shell blocks of the section `title` of a page, in their order. */
export function shellBlocks(page: string, title: string): string[] {
  const [, after = ''] = page.split(`\n## ${title}\n`);
  const [section = ''] = after.split(/^## /m);
  return [...section.matchAll(/^( *)```sh\n([\s\S]*?)^\1```$/gm)].map(
    ([, indent = '', block = '']) => block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
}

/** `block` in bash, with `answers` in place of what a person types. */
export const answered = (block: string, answers: readonly string[]): string =>
  `bash -ec "$(cat <<'BLOCK'\n${block}\nBLOCK\n)" <<'ANSWERS'\n${answers.join('\n')}\nANSWERS\n`;

/** Runs a block of shell commands in `folder`, as a reader would who has kubectl and a name for git. */
export async function runInFolder(estate: Estate, folder: string, block: string): Promise<string> {
  const { kubeconfig, kubectl } = estate.cluster;
  const path = `${dirname(kubectl)}${delimiter}${process.env.PATH}`;
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'));
  const config = [
    ['user.name', 'A team'],
    ['user.email', 'team@example.invalid'],
  ].flatMap(([key, value], n) => [
    [`GIT_CONFIG_KEY_${n}`, key],
    [`GIT_CONFIG_VALUE_${n}`, value],
  ]);
  const env = {
    ...Object.fromEntries([...kept, ...config]),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_COUNT: '2',
    KUBECONFIG: kubeconfig,
    PATH: path,
  };
  const options = { cwd: folder, env, timeout: 120_000 };
  return (await promisify(execFile)('sh', ['-ec', block], options)).stdout;
}

/**
 * What the READMEs say about this message. Fails unless one of them quotes the message, and says that it
 * stands on this kind of object.
 */
export function explained(estate: Estate, kind: string, message: string): string {
  // A command that runs now has a lock in this folder, whose name begins with a dot.
  const names = readdirSync(estate.dir).filter((name) => !name.startsWith('.'));
  const rows = names.flatMap((repo) => {
    return troubleshooting(readFileSync(join(estate.dir, repo, 'README.md'), 'utf8'));
  });
  const quoting = rows.filter(({ quotes }) => quotes.some((quote) => quote.test(message)));
  const here = quoting.filter(({ where }) => where.toLowerCase().includes(kind.toLowerCase()));
  if (here.length > 0) return here.map(({ advice }) => advice).join('\n');
  const places = quoting.map(({ where }) => where).join('; ');
  const found = quoting.length ? `names other places: ${places}` : 'quotes no part of it';
  throw new Error(`The troubleshooting table ${found}.\n${kind} says: ${message}`);
}

function troubleshooting(readme: string): Row[] {
  const [, section = ''] = readme.split(/^## Troubleshooting$/m);
  const rows = [...section.matchAll(/^\| (.*?) \| (.*?) \| (.*) \|$/gm)];
  return rows.map(([, message = '', where = '', advice = '']) => {
    const quotes = [...message.matchAll(/`([^`]+)`/g)].map(([, quote = '']) => asPattern(quote));
    return { quotes, where, advice };
  });
}

/** A quote in which `…` stands for anything. */
function asPattern(quote: string): RegExp {
  const parts = quote.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  return new RegExp(parts.join('[^]*'), 'i');
}
