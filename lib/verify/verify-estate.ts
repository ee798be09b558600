import { knowledge } from './knowledge.ts';
import { buildAll } from './kustomize.ts';
import { type Changes, type Location, readEstate } from './read-estate.ts';
import { type Results, resultsOf } from './results.ts';
import { conclude, prepare } from './verify.ts';

/**
 * Verifies the estate at `location`: reads it, lets kustomize build what it must, and checks everything. With `changes`,
 * it is the estate as it will be after these are written.
 */
export async function verifyEstate(location: Location, changes?: Changes): Promise<Results> {
  const files = await readEstate(location, changes);
  const prepared = prepare(files, knowledge());
  const built = await buildAll(prepared.wanted);
  const { findings, objects } = conclude(prepared, built);
  return {
    findings: resultsOf(findings, files.config?.name ?? ''),
    checked: {
      repositories: files.apps.size + (files.config ? 1 : 0),
      environments: files.environments.length,
      files: prepared.parse.count(),
      objects,
    },
  };
}
