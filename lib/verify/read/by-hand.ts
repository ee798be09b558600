import { isAdopted, isByHand } from '../../plan/hand-written/own-form.ts';
import type { EstateFiles } from '../model.ts';

/** What a user wrote by hand in the config repo, so that nothing says what Flux makes of it. */
export type ByHand = {
  /** The environments whose objects are in such files. */
  readonly environments: ReadonlySet<string>;
  readonly has: (path: string) => boolean;
};

/** What the record of the config repo says about files that were written by hand, before the estate was adopted. */
export function byHandIn({ config, environments }: EstateFiles): ByHand {
  const own = environments.filter(isByHand);
  const paths = [...own.flatMap(({ byHand = [] }) => byHand), ...(config?.record?.adopted ?? [])];
  return {
    environments: new Set(own.map(({ name }) => name)),
    has: (path) => isAdopted(path, paths),
  };
}
