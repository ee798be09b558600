import type { Problem } from '../errors.ts';
import { STANDARD_SCENARIOS } from '../plan/app.ts';
import { byRepo } from '../plan/estate.ts';
import type { Planned, World } from '../plan/plan.ts';
import type { FoundRecord } from '../plan/record.ts';
import { environmentsInName } from '../plan/scenario-repo.ts';
import type { Given } from './arguments.ts';
import { resolve } from './resolve.ts';
import { appRepoName, environmentName, ruleAbout } from './rules.ts';
import {
  type CommandName,
  DEMO_OWNER,
  defaultText,
  type Group,
  type SettingKey,
  settingOf,
  settingsOf,
} from './settings.ts';

/** The answers, by setting. */
export type Answers = { readonly [key in SettingKey]?: string };

/** A possible answer, and its text on the screen. */
export type Choice = { readonly value: string; readonly text: string };

/** One question. With `choices`, the user selects the answer; otherwise the user types it. */
export type Question = {
  readonly name: string;
  readonly message: string;
  readonly choices?: readonly Choice[];
  readonly byDefault: (answers: Answers) => string;
  /** Whether to ask it: earlier answers can make a question unnecessary. */
  readonly when: (answers: Answers) => boolean;
  /** True, or a sentence that says what is wrong with `text`. */
  readonly validate: (text: string, answers: Answers) => true | string;
  /** Whether the terminal must not show the answer. */
  readonly isSecret?: true;
};

/** A question about a setting. */
export type SettingQuestion = Question & { readonly name: SettingKey; readonly group: Group };

type Planner = (given: Given, world: World) => Planned;

/** The setting before the flags, and its question. */
const POSITIONAL: {
  readonly [command in CommandName]?: { readonly name: 'env' | 'repo'; readonly message: string };
} = {
  tenant: { name: 'env', message: 'Which environments do you want to add?' },
  'scenario-repo': { name: 'repo', message: 'What is the name of the app repo?' },
  remove: { name: 'env', message: 'Which environments do you want to remove?' },
};

/**
 * The questions for everything that `given` leaves open, in the order of the table: the questions of every run
 * (`first`), or the others.
 */
export function openQuestions(
  given: Given,
  world: World,
  planner: Planner,
  part: 'first' | 'rest',
): SettingQuestion[] {
  const positional = POSITIONAL[given.command];
  const missing: SettingKey[] =
    positional && given.positionals.length === 0 ? [positional.name] : [];
  const place = (key: SettingKey): number => settingOf(key).first ?? 0;
  const open = openSettings(given, world)
    .filter((key) => !missing.includes(key) && place(key) > 0 === (part === 'first'))
    .sort((one, other) => place(one) - place(other));
  return [...(part === 'first' ? missing : []), ...open].map((name) => {
    const { choices, meanings, group } = settingOf(name);
    return {
      name,
      group,
      message: messageOf(name, given),
      ...(choices && { choices: choices.map((value) => choice(value, meanings?.[value])) }),
      byDefault: (answers) => defaultAnswer(name, withAnswers(given, answers, world), world),
      when: (answers) => isOpen(name, withAnswers(given, answers, world), world),
      validate: (text, answers) => {
        if (name === 'scenario') {
          const config = answers.name ?? defaultAnswer('name', given, world);
          const wrong = wrongRepo(scenarioWords(text), config);
          if (wrong !== undefined) return wrong;
        }
        const complete = withAnswers(given, { ...answers, [name]: text }, world);
        const key = name === positional?.name ? 'arguments' : name;
        const { problems } = planner(complete, world);
        const [mine] = problems.filter(({ settings = [] }) => settings.includes(key));
        return mine === undefined || sentenceOf(mine);
      },
    };
  });
}

const choice = (value: string, meaning: string | undefined): Choice => ({
  value,
  text: meaning === undefined ? value : `${value}: ${meaning}`,
});

/** `problem` as a sentence below its question, without the flag, which the user did not type. */
export function sentenceOf({ given, rule }: Problem): string {
  return `${given.replace(/(?: in)? ?--[a-z-]+ ?/g, '')}: ${rule}.`;
}

/** What is wrong with the app repos that `words` name without their environments. */
function wrongRepo(words: readonly string[], config: string): string | undefined {
  const pair = words.find((word) => word.includes('='));
  for (const repo of words.filter((word) => !word.includes('='))) {
    if (appRepoName.read(repo) === undefined) return `"${repo}": ${ruleAbout(appRepoName, repo)}.`;
    if (repo === 'and') return '"and": separate app repos with commas or blanks.';
    if (repo === config) return `"${repo}": this is the config repo. Choose another name.`;
    if (pair !== undefined && STANDARD_ENVIRONMENTS.includes(repo))
      return `"${repo}": write ${pair},${repo} if it is an environment, or ${repo}=ENV if it is an app repo.`;
  }
  return undefined;
}

/** The scenarios in the typed `text`. Blanks around `=` and commas do not matter. */
function scenarioWords(text: string): string[] {
  const tight = text.trim().replace(/\s*([=,])\s*/g, '$1');
  // A comma before the next REPO= separates app repos, like a blank. A comma between names without = does as well.
  return tight
    .replace(/,(?=[^,=\s]+=)/g, ' ')
    .split(/\s+/)
    .flatMap((word) => (word.includes('=') ? [word] : word.split(',')))
    .filter(Boolean);
}

/** The app repos in `text` that have no environments. */
export function reposWithoutEnvironments(text: string): string[] {
  return [...new Set(scenarioWords(text).filter((word) => !word.includes('=')))];
}

const STANDARD_ENVIRONMENTS = ['dev', 'stage', 'prod'];

/** The question which environments `repo` feeds; `text` has the scenarios so far. */
export function environmentsQuestion(repo: string, text: string): Question {
  const taken = scenarioWords(text).flatMap((word) => word.split('=')[1]?.split(',') ?? []);
  const named = environmentsInName(repo);
  // Several app repos cannot all feed an environment called dev.
  const several = scenarioWords(text).length > 1;
  const usual = several ? [`${repo}-dev`, `${repo}-prod`] : STANDARD_ENVIRONMENTS;
  const open = (named.length > 0 ? named : usual).filter((name) => !taken.includes(name));
  return {
    name: `environments of ${repo}`,
    message: `Which environments does ${repo} feed?`,
    byDefault: () => open.join(', '),
    when: () => true,
    validate: (answer) => {
      const names = environmentWords(answer);
      const wrong = names.find((name) => environmentName.read(name) === undefined);
      if (wrong !== undefined) return `"${wrong}": ${ruleAbout(environmentName, wrong)}.`;
      const taking = names.find((name) => taken.includes(name));
      if (taking !== undefined)
        return `"${taking}": another app repo feeds ${taking} already. Choose another name, for example ${repo}-${taking}.`;
      const twice = names.find((name, index) => names.indexOf(name) !== index);
      if (twice !== undefined) return `"${twice}": name each environment once.`;
      return names.length > 0 || `${repo} must feed at least one environment, for example dev.`;
    },
  };
}

/** `text` with the environments of `answer` for `repo`, which had none. */
export function withEnvironments(text: string, repo: string, answer: string): string {
  const pair = `${repo}=${environmentWords(answer).join(',')}`;
  return scenarioWords(text)
    .map((word) => (word === repo ? pair : word))
    .join(' ');
}

const environmentWords = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

function messageOf(name: SettingKey, { command, switches }: Given): string {
  const positional = POSITIONAL[command];
  if (name === positional?.name) return positional.message;
  if (name === 'owner' && switches.publish)
    return 'Who owns the repositories? (empty: the user of the token)';
  return settingOf(name).ask ?? name;
}

function openSettings({ command, texts }: Given, world: World): SettingKey[] {
  // The record of a config repo applies to its tenants. Only settings of a single environment are open.
  const own: readonly SettingKey[] = ['repo', 'replicas', 'colour', 'content'];
  return settingsOf(command).filter(
    (key) =>
      settingOf(key).ask !== undefined &&
      texts[key] === undefined &&
      (command !== 'tenant' || world.home === undefined || own.includes(key)),
  );
}

function isOpen(name: SettingKey, given: Given, world: World): boolean {
  const { command, positionals, texts } = given;
  // Nobody chooses the image of an app that is not there.
  if (settingOf(name).group === 'demo app') {
    const recorded = recordOf(given, world)?.shared.noDemo;
    return (texts.noDemo?.[0] ?? recorded ?? defaultText('noDemo')) === 'no';
  }
  if (name === 'credentials') {
    const recorded = recordOf(given, world)?.estate.visibility;
    return (texts.visibility?.at(-1) ?? recorded) === 'private';
  }
  const needsOwner = name === 'githubUrl' || name === 'branch' || name === 'syncConfig';
  if (needsOwner && !given.switches.publish) {
    const owner = texts.owner?.[0] ?? recordOf(given, world)?.shared.owner ?? DEMO_OWNER;
    return owner !== DEMO_OWNER;
  }
  if (name === 'repo' && command === 'tenant') {
    const fed = new Set(world.home?.record?.environments.map((environment) => environment.name));
    return positionals.some((environment) => !fed.has(environment));
  }
  return true;
}

function recordOf({ command, texts, positionals }: Given, world: World): FoundRecord | undefined {
  if (command !== 'app' && command !== 'scenario-repo') return world.home?.record;
  const name = command === 'app' ? (texts.name?.[0] ?? world.home?.name) : positionals[0];
  return name === undefined || settingOf('name').rule.read(name) === undefined
    ? world.home?.record
    : world.find(name, []).record;
}

/** The answer of Enter: the value of the setting if the user says nothing. */
function defaultAnswer(name: SettingKey, given: Given, world: World): string {
  const { command, positionals } = given;
  const record = recordOf(given, world);
  const names = record?.environments.map((environment) => environment.name) ?? [];
  if (name === 'name') return world.home?.name ?? defaultText('name') ?? '';
  if (name === 'repo' && command === 'tenant')
    return positionals.length === 1 ? `flux-${positionals[0]}` : '';
  if (name === 'repo') return 'flux-qa';
  if (name === 'env' && command === 'tenant') return 'qa';
  if (name === 'env' && command === 'remove') return '';
  if (name === 'env')
    return (names.length > 0 ? names : environmentsInName(positionals[0] ?? '')).join(',');
  if (name === 'scenario') return (record ? scenariosOf(record) : STANDARD_SCENARIOS).join(' ');
  // The user who publishes is the owner, unless the run or the record names another owner.
  if (name === 'owner' && given.switches.publish)
    return record === undefined || record.shared.owner === DEMO_OWNER ? '' : record.shared.owner;
  const run = command === 'tenant' ? positionals : names;
  return commonText(name, given, record, run.length > 0 ? run : ['']);
}

/** The value of `name` that all of `environments` share; empty when they differ. */
function commonText(
  name: SettingKey,
  given: Given,
  record: FoundRecord | undefined,
  environments: readonly string[],
): string {
  const { estate, environment } = resolve(given, record, environments, []);
  if (typeof settingOf(name).default === 'function') return '';
  const valuesOf = (one: string): object => ({ ...estate, ...environment(one) });
  const texts = environments.map((one) => String(Reflect.get(valuesOf(one), name)));
  return new Set(texts).size === 1 ? (texts[0] ?? '') : '';
}

const scenariosOf = ({ environments }: FoundRecord): string[] =>
  [...byRepo(environments)].map(
    ([repo, fed]) => `${repo}=${fed.map(({ name }) => name).join(',')}`,
  );

/**
 * `given` with `answers`, as if they were flags. An empty answer and an answer that equals the default do not count,
 * because they would replace the recorded values of single environments.
 */
export function withAnswers(given: Given, answers: Answers, world: World): Given {
  const positional = POSITIONAL[given.command]?.name;
  let complete = given;
  for (const [key, answer] of Object.entries(answers) as [SettingKey, string][]) {
    const words = wordsOfAnswer(key, answer);
    const isDefault =
      words.join() === wordsOfAnswer(key, defaultAnswer(key, complete, world)).join();
    if (key === positional && given.positionals.length === 0)
      complete = { ...complete, positionals: words };
    else if (words.length > 0 && !isDefault)
      complete = { ...complete, texts: { ...complete.texts, [key]: words } };
  }
  return complete;
}

/** The words of `answer` for `key`: several for a list, otherwise the answer as it is; none when it is empty. */
function wordsOfAnswer(key: SettingKey, answer: string): string[] {
  if (key === 'scenario') return scenarioPairs(answer);
  if (key === 'env') return environmentWords(answer);
  return answer.trim() === '' ? [] : [answer];
}

/** The scenarios in `text` that have environments. */
const scenarioPairs = (text: string): string[] =>
  scenarioWords(text).filter((word) => word.includes('='));
