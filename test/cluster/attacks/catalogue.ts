/** Every attack, in the order of the table. */
import { accessAttacks } from './access.ts';
import type { Attack } from './attack.ts';
import { syncAndSourceAttacks } from './flux-objects.ts';
import { otherFluxAttacks } from './flux-others.ts';
import { namespaceAttacks } from './namespaces.ts';
import { platformAttacks } from './platform.ts';
import { workloadAttacks } from './workloads.ts';

/** The chapters of the table. */
export const chapters: readonly (readonly [string, readonly Attack[]])[] = [
  ['The namespace, other namespaces, the cluster', namespaceAttacks],
  ['Who may act in the namespace', accessAttacks],
  ['What the platform applied', platformAttacks],
  ['Pods, Services and numbers', workloadAttacks],
  ['Sources and syncs', syncAndSourceAttacks],
  ['Resource sets, charts, notifications, artifacts', otherFluxAttacks],
];

export const catalogue: readonly Attack[] = chapters.flatMap(([, attacks]) => attacks);
