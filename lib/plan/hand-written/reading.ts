import type { EstateSettings, PageSettings, SharedSettings } from '../../settings/settings.ts';

/** A value of the record, and what it was taken from: a file and a line, a commit, or a default. */
export type Taken = {
  readonly repo: string;
  /** Undefined for a value of the whole estate. */
  readonly environment?: string;
  readonly what: string;
  readonly value: string;
  readonly from: string;
};

/** The place of a value that no file has. */
export const BY_DEFAULT = 'the default, because no file has it';

/** The source of a value that most environments have, so that new ones get it. */
export const BY_MOST = 'what most environments have';

/** Something that a reading did not understand, with the reason. No command touches it. */
export type NotUnderstood = {
  readonly repo: string;
  readonly where: string;
  readonly reason: string;
};

/** An environment as manifests describe it. */
export type ReadEnvironment = {
  readonly name: string;
  readonly repo: string;
  readonly namespace: string;
  readonly settings: Partial<SharedSettings & PageSettings>;
  /** Set if it is on its way out of a cluster that follows the config repo. */
  readonly leaving?: true;
  /** The names of its Flux objects. The source can be an OCIRepository. */
  readonly gitRepository: string;
  readonly kustomization: string;
  /** The Secret with which Flux reads its private repository. */
  readonly gitSecret?: string;
  readonly path: string;
  /** The files with its objects. */
  readonly files: readonly string[];
  /** The files that have nothing but its objects, so that they can go with it. */
  readonly ownFiles: readonly string[];
  /** The files that this package can replace: all their objects are in its own files, too. */
  readonly replaceable: readonly string[];
  /** Whether its files and names are those that this package uses. */
  readonly usual: boolean;
  /** The ClusterRole of its service account, and its place. */
  readonly role?: { readonly name: string; readonly from: string } | undefined;
  /** Its service account and the role binding of it, as `kind/name`, if this package writes others. */
  readonly formerAccount: readonly string[];
  /** What would be lost if this package wrote its own files. */
  readonly lost: readonly string[];
};

/** What a reading of manifests found. */
export type HandWritten = {
  readonly environments: readonly ReadEnvironment[];
  readonly shared: Partial<SharedSettings>;
  readonly estate: Partial<EstateSettings>;
  /** The name of the config repo, as its record or its README has it. */
  readonly name?: string;
  readonly taken: readonly Taken[];
  readonly notUnderstood: readonly NotUnderstood[];
};
