/** Attacks by files that are no plain manifests. */
import { type Attack, at, type Commit, kustomized } from './attack.ts';

/** A ConfigMap of the file `secret.txt`, wherever that is. */
const reading = (namespace: string, file: string): Commit =>
  kustomized(namespace, { files: [`secret.txt=${file}`] });

const fileAttack = (
  name: string,
  attempt: string,
  commit: (namespace: string) => Commit,
  by: 'Flux itself' | 'API server' = 'Flux itself',
): Attack => ({
  name,
  attempt,
  commit: ({ namespace }) => commit(namespace),
  harm: async (t, see) => (await see(at.core(t.namespace, 'configmaps', 'read'))) !== undefined,
  reference: by,
  kustomize: by,
  hardened: name.endsWith('-out') ? 'plain manifests' : by,
  open: by,
});

const configMap = (namespace: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: read\n  namespace: ${namespace}\n`;

/** What Flux and the API server refuse by themselves, on any estate. */
export const fileAttacks: Attack[] = [
  fileAttack('link-out', 'use a symbolic link to a file of the controller', (namespace) => ({
    'secret.txt': { link: '/proc/self/environ' },
    ...reading(namespace, 'secret.txt'),
  })),
  fileAttack('path-out', 'use a path that leaves the repository with ..', (namespace) =>
    reading(namespace, '../../../../../../../../proc/self/environ'),
  ),
  fileAttack('yaml-deep', 'use YAML with a hundred thousand levels', (namespace) => ({
    'attack.yaml': `${configMap(namespace)}data: ${'['.repeat(100_000)}\n`,
  })),
  fileAttack(
    'yaml-huge',
    'use an object of 4 MiB',
    (namespace) => ({
      'attack.yaml': `${configMap(namespace)}data:\n  text: ${'x'.repeat(4 * 1024 * 1024)}\n`,
    }),
    'API server',
  ),
];
