import { schemaOf } from '../../disk/package-files.ts';
import type { Knowledge } from '../verify.ts';
import type { RoleRule, Schemas } from './schema.ts';

type File = Schemas & { readonly version: string; readonly admin: readonly RoleRule[] };

/** What this package knows about Kubernetes and Flux: their kinds and the rules of the ClusterRole `admin`. */
export function knowledge(): Knowledge & { readonly versions: readonly string[] } {
  const [kubernetes, flux] = ['kubernetes', 'flux'].map(
    (name) => JSON.parse(schemaOf(name)) as File,
  );
  if (kubernetes === undefined || flux === undefined) throw new Error('schemas are missing');
  return {
    schemas: {
      kinds: { ...kubernetes.kinds, ...flux.kinds },
      types: kubernetes.types,
    },
    admin: [...kubernetes.admin, ...flux.admin],
    versions: [`Kubernetes ${kubernetes.version}`, `Flux ${flux.version}`],
  };
}
