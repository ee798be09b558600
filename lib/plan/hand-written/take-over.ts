import { type Problem, quote } from '../../errors.ts';
import type { Given } from '../../settings/arguments.ts';
import { keysOf, type Profile } from '../../settings/settings.ts';
import { type Environment, keepForm } from '../estate.ts';
import type { Plan, World } from '../plan.ts';
import type { FoundRecord } from '../record.ts';
import { isByHand } from './own-form.ts';
import type { ReadEnvironment } from './reading.ts';

/**
 * `environment` as `tenant` plans it. With `--take-over`, one that a user wrote by hand becomes one of this package: its
 * objects keep their names.
 */
export function formOf(
  environment: Environment,
  recorded: readonly Environment[],
  { switches }: Given,
): Environment {
  const before = recorded.find(({ name }) => name === environment.name);
  if (!switches.takeOver || before === undefined) return keepForm(environment, recorded);
  const { byHand, ...kept } = before;
  return { ...keepForm(environment, [kept]) };
}

/** What `--take-over` replaces: hand-written files, and service accounts with other names than this package writes. */
export type TakenOver = {
  readonly files: readonly string[];
  readonly formerAccounts: NonNullable<Plan['formerAccounts']>;
};

/**
 * What `--take-over` replaces. Adds a problem for each environment that a run would change
 * without `--take-over`, and for each one whose files have something that this package cannot write.
 */
export function checkTakeOver(
  given: Given,
  { environments }: FoundRecord,
  added: readonly Environment[],
  { manifests }: World,
  problems: Problem[],
): TakenOver {
  const { switches, texts } = given;
  const names = new Set(added.map(({ name }) => name));
  const byHand = environments.filter((one) => names.has(one.name) && isByHand(one));
  const changes = [...keysOf('environment'), ...keysOf('each')].filter((key) => texts[key]);
  const repo = texts.repo?.[0];
  if (!switches.takeOver) {
    for (const { name, byHand: files = [], repo: feeder } of byHand)
      if (changes.length > 0 || (repo !== undefined && repo !== feeder))
        problems.push({
          given: `environment ${quote(name)}, which a user wrote by hand (${files.join(', ')})`,
          rule: 'no run changes its files. With --take-over, the files of this package replace them',
          example: `flux-gitops tenant ${name} --take-over --dry-run`,
          flag: '--take-over',
          settings: ['takeOver', 'arguments'],
        });
    return { files: [], formerAccounts: [] };
  }
  for (const name of [...names].filter((one) => !byHand.some((other) => other.name === one)))
    problems.push({
      given: `--take-over for ${quote(name)}`,
      rule: 'only an environment that was adopted, and whose files a user wrote by hand, can be taken over',
      example: `flux-gitops tenant ${name}`,
      flag: '--take-over',
      settings: ['takeOver'],
    });
  const reads = byHand.flatMap(({ name }) => {
    const read = manifests?.read.environments.find((one) => one.name === name);
    const profile = added.find((one) => one.name === name)?.profile;
    const lost = read ? [...read.lost, ...raised(read, profile)] : ['its manifests are gone'];
    if (lost.length > 0)
      problems.push({
        given: `--take-over for ${quote(name)}`,
        rule: `its files have something that the files of this package do not have:\n    ${lost.join('\n    ')}\n  Move it into a file of its own first, or remove it`,
        example:
          'files that have nothing but the Namespace, the ServiceAccount, its RoleBinding, the GitRepository and the Kustomization',
        flag: '--take-over',
        settings: ['takeOver'],
      });
    return read ?? [];
  });
  return {
    files: reads.flatMap(({ replaceable }) => replaceable),
    formerAccounts: reads
      .filter(({ formerAccount }) => formerAccount.length > 0)
      .map(({ namespace, formerAccount }) => ({ namespace, objects: formerAccount })),
  };
}

/**
 * The files of those of `environments` that a user wrote by hand: they go with them. Adds a problem for each whose files
 * have something else as well.
 */
export function filesByHand(
  environments: readonly Environment[],
  { manifests }: World,
  problems: Problem[],
): string[] {
  return environments.filter(isByHand).flatMap(({ name, byHand = [] }) => {
    const read = manifests?.read.environments.find((one) => one.name === name);
    if (read === undefined) return [];
    const shared = read.files.filter((file) => !read.ownFiles.includes(file));
    if (shared.length > 0)
      problems.push({
        given: `environment ${quote(name)}, which a user wrote by hand (${byHand.join(', ')})`,
        rule: `not only this environment needs ${shared.join(', ')}, so no run removes the file. Take the environment out of your files, and run flux-gitops adopt --repair, which brings the record up to date`,
        example: `files that have nothing but the objects of ${name}`,
        flag: 'the arguments',
        settings: ['arguments'],
      });
    return shared.length > 0 ? [] : read.ownFiles;
  });
}

/** Adds a problem for each of `environments` that a user wrote by hand: `command` would have to change its files. */
export function checkWritten(
  environments: readonly Environment[],
  command: 'remove' | 'rename',
  problems: Problem[],
): void {
  for (const { name, byHand } of environments)
    if (byHand !== undefined)
      problems.push({
        given: `environment ${quote(name)}, which a user wrote by hand (${byHand.join(', ')})`,
        rule: `no run changes its files, so ${command} cannot either. Either let the files of this package replace them first, with --take-over, or ${command} it in your files and run flux-gitops adopt --repair, which brings the record up to date`,
        example: `flux-gitops tenant ${name} --take-over --dry-run`,
        flag: 'the arguments',
        settings: ['arguments'],
      });
}

/** The files of the profile `reference` give the role cluster-admin, and those of `hardened` the role admin. */
function raised({ role }: ReadEnvironment, profile: Profile | undefined): string[] {
  const known = profile === 'hardened' ? ['admin', 'cluster-admin'] : ['cluster-admin'];
  if (role === undefined || known.includes(role.name)) return [];
  const given = profile === 'hardened' ? 'admin' : 'cluster-admin';
  return [`${role.from} gives the role ${role.name}, and the profile ${profile} gives ${given}`];
}
