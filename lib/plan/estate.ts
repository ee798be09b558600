import { type Problem, quote } from '../errors.ts';
import { splitOnce } from '../settings/arguments.ts';
import * as names from '../settings/rules.ts';
import {
  flagOf,
  type Profile,
  SETTINGS,
  type ServiceType,
  type SettingKey,
  type YesNo,
} from '../settings/settings.ts';

/** What holds for every environment of an estate that says nothing else. */
export type Defaults = {
  readonly prefix: string;
  readonly owner: string;
  readonly githubUrl: string;
  readonly branch: string;
  readonly interval: string;
  readonly profile: Profile;
  /** Whether kustomization.yaml is left in the sources of a hardened tenant. */
  readonly allowKustomize: YesNo;
  readonly image: string;
  readonly serviceType: ServiceType;
};

/** One environment: a tenant, its sync and its folder in a scenario repo. */
export type Environment = { readonly name: string; readonly repo: string } & Defaults & Page;

/** What an environment has of its own. */
export type Overrides = Partial<Defaults & Page>;

export type Texts = { readonly [key in SettingKey]?: readonly string[] };

export const DEFAULT_KEYS = [
  'prefix',
  'owner',
  'githubUrl',
  'branch',
  'interval',
  'profile',
  'allowKustomize',
  'image',
  'serviceType',
] as const satisfies readonly (keyof Defaults)[];

/** The namespace, service account and tenant label of `environment`. */
export function namespaceOf({ prefix, name }: Pick<Environment, 'prefix' | 'name'>): string {
  return `${prefix}-${name}`;
}

/** The web address of `repo`, which is its clone URL as well. */
export function repositoryUrl(
  { githubUrl, owner }: Pick<Defaults, 'githubUrl' | 'owner'>,
  repo: string,
): string {
  return `${githubUrl}/${owner}/${repo}`;
}

/** The value of `key` in `text`; a problem is added to `problems` when the text breaks its rule. */
export function readSetting<K extends SettingKey>(
  key: K,
  text: string,
  problems: Problem[],
  where = flagOf(key),
): ReturnType<(typeof SETTINGS)[K]['rule']['read']> {
  const { rule, example, read } = SETTINGS[key].rule;
  const value = read(text);
  const shown = where.startsWith('--') ? `${where} ${example}` : example;
  if (value === undefined)
    problems.push({ given: `${where} ${quote(text)}`, rule, example: shown, flag: where });
  return value as ReturnType<(typeof SETTINGS)[K]['rule']['read']>;
}

/** The estate-wide settings that `texts` holds. */
export function givenDefaults(texts: Texts, problems: Problem[]): Partial<Defaults> {
  return Object.fromEntries(
    DEFAULT_KEYS.flatMap((key) => {
      const value = (texts[key] ?? []).map((text) => readSetting(key, text, problems)).at(-1);
      return value === undefined ? [] : [[key, value]];
    }),
  );
}

/** Checks the settings of publishing, which no environment has. */
export function checkPublication(texts: Texts, problems: Problem[]): void {
  for (const key of ['visibility', 'topic'] as const)
    for (const text of texts[key] ?? []) readSetting(key, text, problems);
}

/** The default of every estate-wide setting. */
export function standardDefaults(): Defaults {
  return Object.fromEntries(
    DEFAULT_KEYS.map((key) => [key, SETTINGS[key].rule.read(SETTINGS[key].otherwise ?? '')]),
  ) as unknown as Defaults;
}

/** Where `name`s come from, for messages: the flag and the way it is written. */
export type Source = { readonly flag: string; readonly example: string };

/** The environments of a comma-separated list, each one read by its rule. */
export function readEnvironments(list: string, source: Source, problems: Problem[]): string[] {
  return list.split(',').filter((name) => checkEnvironment(name, source, problems));
}

/** Whether `name` is an environment; a problem is added when it is none. */
export function checkEnvironment(name: string, source: Source, problems: Problem[]): boolean {
  const { rule, read } = names.environmentName;
  const good = read(name) !== undefined;
  if (!good)
    problems.push({ given: `environment ${quote(name)} in ${source.flag}`, rule, ...source });
  return good;
}

/** Checks what only the whole estate shows: names after composing, and names used twice. */
export function checkEstate(
  configRepo: string | undefined,
  environments: readonly Environment[],
  problems: Problem[],
): void {
  const owners = new Map<string, string>();
  for (const environment of environments) {
    const namespace = namespaceOf(environment);
    checkNamespace(namespace, environment, problems);
    const other = owners.get(namespace);
    if (other !== undefined)
      problems.push({
        given: `environments ${other} and ${environment.name} share the namespace ${namespace}`,
        rule: 'each environment has a namespace of its own',
        example: '--prefix fluxdemo',
        flag: '--prefix',
      });
    owners.set(namespace, environment.name);
  }
  const clash = environments.find(({ repo }) => repo.toLowerCase() === configRepo?.toLowerCase());
  if (clash)
    problems.push({
      given: `scenario repo ${quote(clash.repo)} beside config repo ${quote(configRepo ?? '')}`,
      rule: 'two repositories of one owner differ in more than upper and lower case',
      example: '--name flux-demo --scenario flux-dev=dev',
      flag: '--name or --scenario',
    });
}

function checkNamespace(
  namespace: string,
  { name, prefix }: Environment,
  problems: Problem[],
): void {
  const given = `--prefix ${quote(prefix)} and environment ${quote(name)} make the namespace ${quote(namespace)}`;
  const flag = '--prefix, or the name of the environment';
  const example = '--prefix fluxdemo';
  if (namespace.length > names.LABEL_LENGTH) {
    const rule = `a namespace has at most ${names.LABEL_LENGTH} characters; this one has ${namespace.length}`;
    problems.push({ given, rule, example, flag });
  }
  if (names.isReservedNamespace(namespace)) {
    const rule = 'kube-*, default and flux-system belong to Kubernetes and Flux';
    problems.push({ given, rule, example, flag });
  }
}

/** The demo app's settings, which differ from environment to environment. */
export type Page = { readonly replicas: number; readonly colour: string; readonly content: string };

export const PAGE_KEYS = [
  'replicas',
  'colour',
  'content',
] as const satisfies readonly (keyof Page)[];

const REFERENCE_PAGES = new Map<string, Pick<Page, 'colour' | 'content'>>([
  ['dev', { colour: 'Cornsilk', content: 'Test message' }],
  ['stage', { colour: 'Wheat', content: 'This is the staging environment' }],
  ['prod', { colour: 'LightSteelBlue', content: 'This is the production environment' }],
]);
const COLOURS = [
  'Bisque',
  'DarkSeaGreen',
  'Khaki',
  'Moccasin',
  'NavajoWhite',
  'SeaGreen',
  'Silver',
];

/** The page that environment `name` has when nothing is said: always the same for the same name. */
export function ownPage(name: string): Page {
  const sum = [...name].reduce((total, letter) => total + (letter.codePointAt(0) ?? 0), 0);
  const own = {
    colour: COLOURS[sum % COLOURS.length] ?? '',
    content: `This is the ${name} environment`,
  };
  return { replicas: 1, ...(REFERENCE_PAGES.get(name) ?? own) };
}

/** What a run says about pages. */
export type PageGiven = {
  readonly all: Partial<Page>;
  readonly each: ReadonlyMap<string, Partial<Page>>;
};

/** What `--replicas`, `--colour` and `--content` say for all `environments` of a run, and for each. */
export function givenPages(
  texts: Texts,
  environments: readonly string[],
  problems: Problem[],
): PageGiven {
  const known = new Set(environments);
  const all: Record<string, unknown> = {};
  const each = new Map<string, Record<string, unknown>>();
  for (const key of PAGE_KEYS)
    for (const text of texts[key] ?? []) {
      const [name, own] = splitOnce(text, '=');
      const one = own !== undefined && known.has(name);
      const value = readSetting(key, one ? own : text, problems);
      if (!one) all[key] = value;
      else each.set(name, { ...each.get(name), [key]: value });
    }
  return { all, each };
}

/** Where the values of an environment come from; the later ones beat the earlier ones. */
export type Sources = {
  readonly defaults: Defaults;
  readonly recorded: readonly Environment[];
  readonly own: Partial<Defaults>;
  readonly pages: PageGiven;
};

/** A function that puts an environment together from `sources`. */
export function composer({ defaults, recorded, own, pages }: Sources) {
  const known = new Map(recorded.map((environment) => [environment.name, environment]));
  return (name: string, repo: string): Environment => ({
    ...defaults,
    ...ownPage(name),
    ...known.get(name),
    ...own,
    ...pages.all,
    ...pages.each.get(name),
    name,
    repo,
  });
}
