import { type Problem, quote } from '../errors.ts';
import type { Visibility } from '../settings/settings.ts';
import type { Environment } from './estate.ts';
import type { HandWritten, NotUnderstood, Taken } from './hand-written/reading.ts';
import type { FoundRecord, Json, RepoKind } from './record.ts';

/** The values for the templates of a layer, by name. */
export type Values = { readonly [name: string]: unknown };

/** A folder of templates, the folder of the repository that it is for, and the values. */
export type Layer = {
  readonly from: string;
  readonly into: string;
  readonly values: Values;
};

/** One repository: its layers and its record. */
export type RepoPlan = {
  readonly role: 'config' | 'scenario';
  readonly name: string;
  readonly url: string;
  readonly githubUrl: string;
  readonly owner: string;
  /** The branches that Flux follows in it: one, unless environments have different branches. */
  readonly branches: readonly string[];
  readonly description: string;
  /** The environments that an app repo feeds. */
  readonly feeds?: readonly string[];
  readonly layers: readonly Layer[];
  /** The folders of environments that this run does not change. */
  readonly untouched: readonly string[];
  /** Environments that the user named: the run restores their deleted files. */
  readonly askedFor: readonly string[];
  /** An environment that gets another name: the edits of its files go along, with the new namespace in them. */
  readonly renamed?: Renamed;
  /** Environments that this run takes out of the repository. */
  readonly gone?: readonly string[];
  /** Files that come from another app repo, with their texts. */
  readonly carried?: readonly CarriedFile[];
  /** Files that went along to another folder or repository, so that they go here. */
  readonly carriedOff?: readonly string[];
  /** All of `.yo-rc.json`, without the files. */
  readonly all: Json;
  /** The record before this run. */
  readonly found?: FoundRecord;
  /**
   * Set if this run writes the record only. `own`: this package wrote the repository, so a file that differs is edited.
   * `by-hand`: a user wrote it, so a file that differs stays as it is in later runs.
   */
  readonly adopting?: 'own' | 'by-hand';
  /** The record that such a run writes, to find out which version wrote the files. */
  readonly restored?: FoundRecord;
  /** Files that a user wrote by hand, and that this run replaces or removes. */
  readonly takesOver?: readonly string[];
};

/** The folders and the namespaces of an environment before and after it gets another name. */
export type Renamed = {
  readonly from: string;
  readonly to: string;
  readonly namespaces: readonly [before: string, after: string];
};

/**
 * A file that goes along to another folder: a person wrote it or edited it, so no template has its text. Without
 * contents, the person deleted it, and it must not come back.
 */
export type CarriedFile = { readonly path: string; readonly contents: string | undefined };

/** An environment that another app repo feeds from this run on. */
export type Move = {
  readonly name: string;
  readonly namespace: string;
  readonly from: string;
  readonly to: string;
  /** The Flux objects of the environment, before the move and after it. */
  readonly before: SyncNames;
  readonly after: SyncNames;
  /** The Secret with which Flux read the former app repo, if it was private. */
  readonly secret?: string;
};

/** The names of the Flux objects of an environment. */
export type SyncNames = {
  readonly kustomization: string;
  readonly sourceKind: SourceKind;
  readonly source: string;
};

/** The kinds of Flux that an environment can follow. */
export type SourceKind = 'GitRepository' | 'OCIRepository';

/**
 * An environment on its way out. `leaving`: the cluster follows the config repo, and this run allows the removal.
 * `gone`: this run takes it out of the files. `unrecorded`: the files do not have it any more, but the cluster may.
 */
export type Departure = {
  readonly name: string;
  readonly namespace: string;
  /** The app repo that feeds it, if it is known. */
  readonly repo?: string;
  /** The name of its Kustomization, if it is known. */
  readonly kustomization?: string;
  /** Whether a user made its namespace before the estate was adopted: its labels may be others than this package writes. */
  readonly isAdopted?: true;
  readonly state: 'leaving' | 'gone' | 'unrecorded';
};

/** A file for a repository that is not in this workspace. */
export type Elsewhere = { readonly repo: string; readonly url: string; readonly layer: Layer };

/** What a run will do, as data. A dry run prints it, and a real run carries it out. */
export type Plan = {
  readonly repos: readonly RepoPlan[];
  readonly elsewhere: readonly Elsewhere[];
  /** The environments of the run. */
  readonly environments: readonly Environment[];
  /** The environments that leave the estate, in the order of the run. */
  readonly departures?: readonly Departure[];
  readonly moves?: readonly Move[];
  /** Service accounts and role bindings, as `kind/name`, that the files of a namespace have no more. */
  readonly formerAccounts?: readonly {
    readonly namespace: string;
    readonly objects: readonly string[];
  }[];
  /** The environment that a new one replaces, and that leaves in a run of its own. */
  readonly replaces?: string;
  /** More sentences about the run. */
  readonly notes?: readonly string[];
  /** Folders that app repos must lose, where these are not in this workspace. */
  readonly surplus?: readonly {
    readonly repo: string;
    readonly url: string;
    readonly folder: string;
  }[];
  /** Whether the cluster itself follows the config repo. */
  readonly syncConfig: boolean;
  /** The visibility of new repositories. */
  readonly visibility: Visibility;
  /** What a run of `adopt` read, and what it did not understand. */
  readonly reading?: Reading;
  /** App repos of the estate that are not beside the config repo, if the run would work on them. */
  readonly notHere?: readonly string[];
};

/** What a reading took, and what it did not understand. */
export type Reading = {
  readonly taken: readonly Taken[];
  readonly notUnderstood: readonly NotUnderstood[];
  /** The environments that a user wrote by hand, and that `--take-over` can replace. */
  readonly replaceable: readonly string[];
};

/** What exists in the folder of a repository. */
export type Found = {
  readonly exists: boolean;
  readonly all: Json;
  readonly record?: FoundRecord;
};

/** A repository that does not exist. */
export const NOTHING: Found = { exists: false, all: {} };

/** What a planner can know about the disk. A broken `.yo-rc.json` adds to `problems`. */
export type World = {
  /** The folder of `--into`, for messages. */
  readonly folder: string;
  /** The repository around the folder of the run, if the command works on repositories of this kind. */
  readonly home?: Found & { readonly name: string };
  readonly find: (repo: string, problems: Problem[]) => Found;
  /** The record of the only config repo here, for a command that works on no config repo. */
  readonly estate?: FoundRecord;
  /** Another config repo here with environments that `repo` already feeds. */
  readonly feederOf: (repo: string) => string | undefined;
  /** The files below a folder of a repository; one that is no text has no contents. */
  readonly filesOf?: (
    repo: string,
    folder: string,
  ) => readonly { readonly path: string; readonly contents: string | undefined }[];
  /** The environment `name` as git remembers it, if the record of the config repo does not have it any more. */
  readonly former?: (name: string) => Environment | undefined;
  /** What the manifests say. Only commands that need it have it, because it takes time. */
  readonly manifests?: Manifests;
};

/** The config repo as its manifests describe it, and the records that it and its app repos had. */
export type Manifests = {
  readonly config: string;
  readonly read: HandWritten;
  readonly pastOf: (repo: string) => Past;
  /** Whether the repository lies beside the config repo and has a folder at `path`. */
  readonly hasFolder: (repo: string, path: string) => boolean;
  /** Whether the texts of the repository name this package. */
  readonly isOurs: (repo: string) => boolean;
};

/** What is left of the record of a repository. */
export type Past = {
  readonly state: 'none' | 'good' | 'damaged';
  readonly all: Json;
  /** The readable part, then the last good record in the history of git: with the place of each. */
  readonly records: readonly PastRecord[];
};

/** A record, where it was found, and the values that it really has: a record gets defaults for the others. */
export type PastRecord = {
  readonly from: string;
  readonly record: FoundRecord;
  readonly raw: Json;
};

/** A plan, or the problems that prevent it. */
export type Planned = { readonly problems: readonly Problem[]; readonly plan?: Plan };

const kindText = (kind: RepoKind): string => (kind === 'config-repo' ? 'config repo' : 'app repo');

/** A problem if `found` is not a repository of the kind `kind`, because the run would overwrite its record. */
export function checkKind(
  found: Found,
  kind: RepoKind,
  repo: string,
  source: Pick<Problem, 'flag' | 'settings'>,
): Problem[] {
  if (found.record === undefined || found.record.kind === kind) return [];
  const given = `${source.flag} ${quote(repo)}`;
  const rule = `this folder is the ${kindText(found.record.kind)} ${found.record.name}, and the ${kindText(kind)} needs its own folder`;
  const example = kind === 'config-repo' ? 'flux-demo' : 'flux-qa';
  return [{ given, rule, example, ...source }];
}
