import type { EstateFiles } from './model.ts';

/** What a user wrote by hand in the config repo, so that nothing says what Flux makes of it. */
export type ByHand = {
  /** The environments whose objects are in such files. */
  readonly environments: ReadonlySet<string>;
  readonly has: (path: string) => boolean;
};

/** What the record of the config repo says about files that were written by hand, before the estate was adopted. */
export function byHandIn({ config, environments }: EstateFiles): ByHand {
  const record: Adopted & { readonly unknown?: { readonly record: Adopted } } =
    config?.record ?? {};
  const own = environments.flatMap((environment): readonly (readonly [string, string[]])[] => {
    const known: typeof environment & Written = environment;
    const other: Written = config?.record?.unknown.environments.get(environment.name) ?? {};
    const files = known.byHand ?? other.byHand;
    return Array.isArray(files) ? [[environment.name, files.map(String)]] : [];
  });
  const adopted = record.adopted ?? record.unknown?.record.adopted;
  const paths = [
    ...own.flatMap(([, files]) => files),
    ...(Array.isArray(adopted) ? adopted.map(String) : []),
  ];
  return {
    environments: new Set(own.map(([name]) => name)),
    has: (path) => paths.some((one) => path === one || path.startsWith(`${one}/`)),
  };
}

// Records of newer versions have these keys; what is in them may be anything.
type Adopted = { readonly adopted?: unknown };
type Written = { readonly byHand?: unknown };
