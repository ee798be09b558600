import { describeProblem } from '../errors.ts';
import { STANDARD_SCENARIOS } from '../plan/app.ts';
import { byRepo } from '../plan/estate.ts';
import type { Planned, World } from '../plan/plan.ts';
import type { FoundRecord } from '../plan/record.ts';
import { environmentsInName } from '../plan/scenario-repo.ts';
import type { Given } from './arguments.ts';
import { resolve } from './resolve.ts';
import { DEMO_OWNER, defaultText, type SettingKey, settingOf, settingsOf } from './settings.ts';

/** What was answered, by setting. */
export type Answers = { readonly [key in SettingKey]?: string };

/** One question; `choices` makes it a choice, otherwise the answer is typed. */
export type Question = {
  readonly name: SettingKey;
  readonly message: string;
  readonly choices?: readonly string[];
  readonly byDefault: (answers: Answers) => string;
  /** Whether it is asked at all: some answers follow from others. */
  readonly when: (answers: Answers) => boolean;
  /** True, or what is wrong with `text`. */
  readonly validate: (text: string, answers: Answers) => true | string;
};

type Planner = (given: Given, world: World) => Planned;

/** The setting that stands before the flags, and the question for it. */
const POSITIONAL = {
  app: undefined,
  tenant: { name: 'env', message: 'Environments to add (separated by spaces)' },
  'scenario-repo': { name: 'repo', message: 'Scenario repo: which name' },
} as const;

/**
 * What is to be asked for everything that `given` leaves open, in the order of the table: what everybody is
 * asked (`first`), or the rest.
 */
export function openQuestions(
  given: Given,
  world: World,
  planner: Planner,
  part: 'first' | 'rest',
): Question[] {
  const positional = POSITIONAL[given.command];
  const missing: SettingKey[] =
    positional && given.positionals.length === 0 ? [positional.name] : [];
  const open = openSettings(given, world).filter(
    (key) => !missing.includes(key) && (settingOf(key).first === true) === (part === 'first'),
  );
  return [...(part === 'first' ? missing : []), ...open].map((name) => {
    const { choices } = settingOf(name);
    return {
      name,
      message: messageOf(name, given),
      ...(choices && { choices }),
      byDefault: (answers) => defaultAnswer(name, withAnswers(given, answers, world), world),
      when: (answers) => isOpen(name, withAnswers(given, answers, world), world),
      validate: (text, answers) => {
        const complete = withAnswers(given, { ...answers, [name]: text }, world);
        const key = name === positional?.name ? 'arguments' : name;
        const { problems } = planner(complete, world);
        const mine = problems.filter(({ settings = [] }) => settings.includes(key));
        return mine.length === 0 || mine.map(describeProblem).join('\n');
      },
    };
  });
}

function messageOf(name: SettingKey, { command, switches }: Given): string {
  const positional = POSITIONAL[command];
  if (name === positional?.name) return positional.message;
  if (name === 'owner' && switches.publish)
    return 'GitHub user or organization to publish to (empty: the user of the token)';
  return settingOf(name).ask ?? name;
}

function openSettings({ command, texts }: Given, world: World): SettingKey[] {
  // What a config repo records holds for its tenants; only what is each one's own is asked.
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
  if ((name === 'githubUrl' || name === 'branch') && !given.switches.publish) {
    const owner = texts.owner?.[0] ?? recordOf(given, world)?.shared.owner ?? DEMO_OWNER;
    return owner !== DEMO_OWNER;
  }
  if (name === 'syncConfig' && !given.switches.publish) {
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
  if (command === 'tenant') return world.home?.record;
  const name = command === 'app' ? (texts.name?.[0] ?? world.home?.name) : positionals[0];
  return name === undefined || settingOf('name').rule.read(name) === undefined
    ? world.home?.record
    : world.find(name, []).record;
}

/** What Enter answers: the value that the setting has when nothing is said. */
function defaultAnswer(name: SettingKey, given: Given, world: World): string {
  const { command, positionals } = given;
  const record = recordOf(given, world);
  const names = record?.environments.map((environment) => environment.name) ?? [];
  if (name === 'name') return world.home?.name ?? defaultText('name') ?? '';
  if (name === 'repo' && command === 'tenant')
    return positionals.length === 1 ? `flux-${positionals[0]}` : '';
  if (name === 'repo') return 'flux-qa';
  if (name === 'env' && command === 'tenant') return 'qa';
  if (name === 'env')
    return (names.length > 0 ? names : environmentsInName(positionals[0] ?? '')).join(',');
  if (name === 'scenario') return (record ? scenariosOf(record) : STANDARD_SCENARIOS).join(' ');
  // Whoever publishes is the owner, unless somebody else is named.
  if (name === 'owner' && given.switches.publish)
    return record === undefined || record.shared.owner === DEMO_OWNER ? '' : record.shared.owner;
  const run = command === 'tenant' ? positionals : names;
  return commonText(name, given, record, run.length > 0 ? run : ['']);
}

/** The value of `name` that all of `environments` share; empty when each has its own. */
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
 * `given` with `answers` as if they had been given as flags. An empty answer says nothing, and neither
 * does one that is the default: what is recorded for one environment would be lost by it.
 */
export function withAnswers(given: Given, answers: Answers, world: World): Given {
  const positional = POSITIONAL[given.command]?.name;
  let complete = given;
  for (const [key, answer] of Object.entries(answers) as [SettingKey, string][]) {
    // A blank after a comma is as good as none; environments before the flags are words.
    const words = answer
      .replace(/\s*,\s*/g, ',')
      .split(key === positional ? /[\s,]+/ : /\s+/)
      .filter(Boolean);
    const { list } = settingOf(key);
    if (key === positional && given.positionals.length === 0)
      complete = { ...complete, positionals: key === 'repo' ? [answer] : words };
    else if (words.length > 0 && answer !== defaultAnswer(key, complete, world))
      complete = { ...complete, texts: { ...complete.texts, [key]: list ? words : [answer] } };
  }
  return complete;
}
