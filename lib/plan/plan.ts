import { type Problem, quote } from '../errors.ts';
import type { Visibility } from '../settings/settings.ts';
import type { Environment } from './estate.ts';
import type { FoundRecord, Json, RepoKind } from './record.ts';

/** What the templates of a layer may use, by name. */
export type Values = { readonly [name: string]: unknown };

/** A folder of templates laid into a folder of a repository with one set of values. */
export type Layer = {
  readonly from: string;
  readonly into: string;
  readonly values: Values;
};

/** One repository: the layers that make it, and the record that remembers them. */
export type RepoPlan = {
  readonly role: 'config' | 'scenario';
  readonly name: string;
  readonly url: string;
  readonly githubUrl: string;
  readonly owner: string;
  /** The branches that Flux follows in it: one, but for environments that say otherwise. */
  readonly branches: readonly string[];
  readonly description: string;
  readonly layers: readonly Layer[];
  /** Folders of environments that this run leaves as they are. */
  readonly untouched: readonly string[];
  /** Environments that the user named: what a user deleted of them comes back. */
  readonly askedFor: readonly string[];
  /** All of `.yo-rc.json`, less the files. */
  readonly all: Json;
  /** What was recorded before this run. */
  readonly found?: FoundRecord;
};

/** A file that a repository elsewhere needs. */
export type Elsewhere = { readonly repo: string; readonly url: string; readonly layer: Layer };

/** What a run will do, as data: printed it is the dry run, executed it is the product. */
export type Plan = {
  readonly repos: readonly RepoPlan[];
  readonly elsewhere: readonly Elsewhere[];
  /** The environments that the run is about. */
  readonly environments: readonly Environment[];
  /** Whether the cluster applies the config repo by itself. */
  readonly syncConfig: boolean;
  /** Who may see the repositories that are created. */
  readonly visibility: Visibility;
};

/** What lies where a repository belongs. */
export type Found = {
  readonly exists: boolean;
  readonly all: Json;
  readonly record?: FoundRecord;
};

/** The place of a repository that is not there. */
export const NOTHING: Found = { exists: false, all: {} };

/** What a planner may know of the disk; a broken `.yo-rc.json` adds to `problems`. */
export type World = {
  /** The folder the run was sent to, for messages. */
  readonly folder: string;
  /** The repository that the run stands in, if it is one of the kind that the command works on. */
  readonly home?: Found & { readonly name: string };
  readonly find: (repo: string, problems: Problem[]) => Found;
  /** Another config repo here whose environments `repo` feeds already. */
  readonly feederOf: (repo: string) => string | undefined;
};

/** A plan, or the reasons why there is none. */
export type Planned = { readonly problems: readonly Problem[]; readonly plan?: Plan };

const kindText = (kind: RepoKind): string => (kind === 'config-repo' ? 'config repo' : 'app repo');

/** A problem when `found` is a repository of another kind than `kind`; its record would be lost. */
export function checkKind(
  found: Found,
  kind: RepoKind,
  repo: string,
  source: Pick<Problem, 'flag' | 'settings'>,
): Problem[] {
  if (found.record === undefined || found.record.kind === kind) return [];
  const given = `${source.flag} ${quote(repo)}`;
  const rule = `the folder of this ${kindText(kind)} holds the ${kindText(found.record.kind)} ${found.record.name}, and each needs its own folder`;
  const example = kind === 'config-repo' ? 'flux-demo' : 'flux-qa';
  return [{ given, rule, example, ...source }];
}
