import type { Problem } from './errors.ts';
import { quote } from './errors.ts';
import * as names from './names.ts';
import type { Page } from './page.ts';
import {
  flagOf,
  type Profile,
  SETTINGS,
  type ServiceType,
  type SettingKey,
  type YesNo,
} from './questions.ts';

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
