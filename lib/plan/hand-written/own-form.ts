/**
 * How an environment differs from the form in which this package writes environments. An environment that a user wrote
 * by hand has `byHand`: the files with its objects, which no run changes. The other values stay when this package takes
 * it over, so that the objects in the cluster keep their names.
 */
export type OwnForm = {
  readonly byHand?: readonly string[];
  readonly namespace?: string;
  readonly gitRepository?: string;
  readonly kustomization?: string;
  /** The Secret with which Flux reads its private repository. */
  readonly gitSecret?: string;
  /** The folder that Flux applies, as its Kustomization has it. */
  readonly path?: string;
};

/** The keys of OwnForm in a record. */
export const OWN_FORM = [
  'namespace',
  'gitRepository',
  'kustomization',
  'gitSecret',
  'path',
  'byHand',
] as const;

/** The values of OwnForm in `from`, without those that are not valid. */
export function readOwnForm(from: { readonly [key: string]: unknown }): OwnForm {
  const text = (key: Exclude<(typeof OWN_FORM)[number], 'byHand'>, rule: RegExp) => {
    const value = from[key];
    return typeof value === 'string' && rule.test(value) ? { [key]: value } : {};
  };
  const files = from.byHand;
  const isList = Array.isArray(files) && files.every((one) => typeof one === 'string');
  return {
    ...text('namespace', LABEL),
    ...text('gitRepository', SUBDOMAIN),
    ...text('kustomization', SUBDOMAIN),
    ...text('gitSecret', SUBDOMAIN),
    ...text('path', /^[\w./-]{1,500}$/),
    ...(isList && { byHand: files as string[] }),
  };
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** Whether a user wrote the files of `environment` by hand, so that no run changes them. */
export function isByHand({ byHand }: OwnForm): boolean {
  return byHand !== undefined;
}

/** `environment` as this package writes a new one. */
export function withoutForm<T extends OwnForm>(environment: T): Omit<T, keyof OwnForm> {
  const { byHand, namespace, gitRepository, kustomization, gitSecret, path, ...usual } =
    environment;
  return usual;
}

/** Whether `path` is one of `adopted`, the files and folders of a repository that no run writes, or is in one of them. */
export function isAdopted(path: string, adopted: readonly string[]): boolean {
  return adopted.some((one) => path === one || path.startsWith(`${one}/`));
}
