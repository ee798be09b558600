import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Problem, quote } from '../errors.ts';
import { type Given, splitOnce } from '../settings/arguments.ts';
import { flagOf, keysOf, type SettingKey, settingOf } from '../settings/settings.ts';
import { faultsOf } from '../settings/sync-spec.ts';

/** The settings whose values are files. */
const FILES: readonly SettingKey[] = keysOf('each').filter((key) => settingOf(key).isFile);

/**
 * `given` with the contents of the files that its flags name, relative to `cwd`. A file that cannot be read, is not YAML
 * or breaks a rule is a problem, and `given` no longer names it.
 */
export async function readGivenFiles(
  given: Given,
  cwd: string,
  problems: Problem[],
): Promise<Given> {
  const contents = new Map<string, string>();
  let { texts } = given;
  for (const key of FILES) {
    const read: string[] = [];
    for (const text of texts[key] ?? []) {
      const found = await readOne(key, text, given, cwd, problems);
      if (found === undefined) continue;
      contents.set(text, found);
      read.push(text);
    }
    if (texts[key]) texts = { ...texts, [key]: read.length > 0 ? read : undefined };
  }
  return contents.size === 0 && texts === given.texts ? given : { ...given, texts, contents };
}

/** `text` (`FILE` or `ENV=FILE`) with the contents of the file in its place, as JSON. */
async function readOne(
  key: SettingKey,
  text: string,
  { positionals }: Given,
  cwd: string,
  problems: Problem[],
): Promise<string | undefined> {
  const [name, rest] = splitOnce(text, '=');
  const isOne = rest !== undefined && positionals.includes(name);
  const file = isOne ? rest : text;
  if (file === 'none') return text;
  const wrong = (where: string, rule: string): void => {
    const flag = flagOf(key);
    const example = `${flag} ${settingOf(key).rule.example}`;
    problems.push({
      given: `${flag} ${quote(file)}${where}`,
      rule,
      example,
      flag,
      settings: [key],
    });
  };
  const before = problems.length;
  const value = await parsed(resolve(cwd, file), (rule) => wrong('', rule));
  if (problems.length > before) return undefined;
  for (const { where, rule } of faultsOf(value)) wrong(`: ${where}`, rule);
  if (problems.length > before) return undefined;
  return `${isOne ? `${name}=` : ''}${JSON.stringify(value)}`;
}

/** The YAML in `file` as data. Calls `wrong` if there is no such file, or no YAML in it. */
async function parsed(file: string, wrong: (rule: string) => void): Promise<unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    wrong(
      code === 'ENOENT' || code === 'ENOTDIR'
        ? 'there is no such file. Give a YAML file, or the name of an environment of this run, = and a YAML file'
        : `the file cannot be read (${code})`,
    );
    return undefined;
  }
  // Most runs read no such file, so they do not load the parser.
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error) wrong(`it must be one YAML document: ${error.message.split('\n')[0]}`);
  try {
    return error ? undefined : document.toJS({ maxAliasCount: 100 });
  } catch (problem) {
    wrong(`it must be one YAML document: ${(problem as Error).message}`);
    return undefined;
  }
}
