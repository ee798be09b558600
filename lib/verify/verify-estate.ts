import { knowledge } from './admission/knowledge.ts';
import { buildAll } from './build/kustomize.ts';
import type { Finding } from './model.ts';
import { type Changes, type Location, readEstate } from './read/read-estate.ts';
import { type Results, resultsOf } from './results.ts';
import { conclude, type Prepared, prepare } from './verify.ts';

/** Finds more about an estate than its files show. */
export type More = (prepared: Prepared) => Promise<readonly Finding[]>;

/**
 * Verifies the estate at `location`: reads it, lets kustomize build what it must, and checks everything. With `changes`,
 * it is the estate as it will be after these are written. The findings of `more` come as well.
 */
export async function verifyEstate(
  location: Location,
  { changes, more }: { readonly changes?: Changes; readonly more?: More } = {},
): Promise<Results> {
  const files = await readEstate(location, changes);
  const prepared = prepare(files, knowledge());
  const built = await buildAll(prepared.wanted);
  const { findings, objects } = conclude(prepared, built);
  const others = (await more?.(prepared)) ?? [];
  return {
    findings: resultsOf([...findings, ...others], files.config?.name ?? ''),
    checked: {
      repositories: files.apps.size + (files.config ? 1 : 0),
      environments: files.environments.length,
      files: prepared.parse.count(),
      objects,
    },
  };
}
