import { describeProblem } from '../errors.ts';
import { STANDARD_SCENARIOS } from '../plan/app.ts';
import type { Planned, World } from '../plan/plan.ts';
import { byRepo, type RepoRecord } from '../plan/record.ts';
import { environmentsInName } from '../plan/scenario-repo.ts';
import type { Given } from './arguments.ts';
import { DEMO_OWNER, flagOf, SETTINGS, type SettingKey, settingsOf } from './settings.ts';

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

const POSITIONAL = {
  app: undefined,
  tenant: { name: 'env', message: 'Environments to add (separated by spaces)' },
  'scenario-repo': { name: 'repo', message: 'Scenario repo: which name' },
} as const;

/** What is to be asked for everything that `given` leaves open. */
export function openQuestions(given: Given, world: World, planner: Planner): Question[] {
  const positional = POSITIONAL[given.command];
  const asked: SettingKey[] = positional && given.positionals.length === 0 ? [positional.name] : [];
  const open = openSettings(given, world).filter((key) => !asked.includes(key));
  return [...asked, ...open].map((name) => ({
    name,
    message: messageOf(name, given),
    ...(SETTINGS[name].choices && { choices: SETTINGS[name].choices }),
    byDefault: (answers) => defaultOf(name, withAnswers(given, answers), world),
    when: (answers) => isOpen(name, withAnswers(given, answers), world),
    validate: (text, answers) => {
      const { problems } = planner(withAnswers(given, { ...answers, [name]: text }), world);
      const flag = name === positional?.name ? 'the arguments' : flagOf(name);
      const mine = problems.filter((problem) => problem.flag.includes(flag));
      return mine.length === 0 || mine.map(describeProblem).join('\n');
    },
  }));
}

function messageOf(name: SettingKey, { command, switches }: Given): string {
  const positional = POSITIONAL[command];
  if (name === positional?.name) return positional.message;
  if (name === 'owner' && switches.publish)
    return 'GitHub user or organization to publish to (empty: the user of the token)';
  return SETTINGS[name].ask;
}

function openSettings({ command, texts }: Given, world: World): SettingKey[] {
  // What a config repo records holds for its tenants; only what is each one's own is asked.
  const own: readonly SettingKey[] = ['repo', 'replicas', 'colour', 'content'];
  return settingsOf(command).filter(
    (key) =>
      SETTINGS[key].ask !== '' &&
      texts[key] === undefined &&
      (command !== 'tenant' || world.home === undefined || own.includes(key)),
  );
}

function isOpen(name: SettingKey, given: Given, world: World): boolean {
  const { command, positionals, texts } = given;
  if ((name === 'githubUrl' || name === 'branch') && !given.switches.publish) {
    const owner = texts.owner?.[0] ?? recordOf(given, world)?.defaults.owner ?? DEMO_OWNER;
    return owner !== DEMO_OWNER;
  }
  if (name === 'repo' && command === 'tenant') {
    const fed = new Set(world.home?.record?.environments.map((environment) => environment.name));
    return positionals.some((environment) => !fed.has(environment));
  }
  return true;
}

function recordOf({ command, texts, positionals }: Given, world: World): RepoRecord | undefined {
  if (command === 'tenant') return world.home?.record;
  const name = command === 'app' ? (texts.name?.[0] ?? world.home?.name) : positionals[0];
  return name === undefined || SETTINGS.name.rule.read(name) === undefined
    ? undefined
    : world.find(name, []).record;
}

function defaultOf(name: SettingKey, given: Given, world: World): string {
  const record = recordOf(given, world);
  const { positionals } = given;
  const recorded = record?.defaults as { readonly [key: string]: string } | undefined;
  if (name === 'name') return world.home?.name ?? SETTINGS.name.otherwise ?? '';
  if (name === 'clusterType') return record?.clusterType ?? SETTINGS.clusterType.otherwise ?? '';
  if (name === 'repo')
    return given.command === 'tenant' ? `flux-${positionals[0] ?? ''}` : 'flux-qa';
  if (name === 'env' && given.command === 'tenant') return 'qa';
  if (name === 'env')
    return (
      record?.environments.map((one) => one.name) ?? environmentsInName(positionals[0] ?? '')
    ).join(',');
  if (name === 'scenario') return (record ? scenariosOf(record) : STANDARD_SCENARIOS).join(' ');
  // Whoever publishes is the owner, unless somebody else is named.
  const own = given.switches.publish && name === 'owner';
  if (own) return recorded?.owner === DEMO_OWNER ? '' : (recorded?.owner ?? '');
  return recorded?.[name] ?? SETTINGS[name].otherwise ?? '';
}

const scenariosOf = ({ environments }: RepoRecord): string[] =>
  [...byRepo(environments)].map(
    ([repo, fed]) => `${repo}=${fed.map(({ name }) => name).join(',')}`,
  );

/** `given` with `answers` as if they had been given as flags; an empty answer says nothing. */
export function withAnswers(given: Given, answers: Answers): Given {
  const positional = POSITIONAL[given.command]?.name;
  const texts: { [key in SettingKey]?: readonly string[] } = { ...given.texts };
  let { positionals } = given;
  for (const [key, answer] of Object.entries(answers) as [SettingKey, string][]) {
    const words = answer.split(/\s+/).filter(Boolean);
    if (key === positional && given.positionals.length === 0) positionals = words;
    else if (SETTINGS[key].many === 'list' && words.length > 0) texts[key] = words;
    else if (answer !== '') texts[key] = [answer];
  }
  return { ...given, positionals, texts };
}
