/** Every attack, in the order of the table. */
import { accessAttacks } from './access.ts';
import { notificationAttacks, remoteAttacks } from './artifacts.ts';
import type { Attack } from './attack.ts';
import { chartAttacks, operatorAttacks } from './charts.ts';
import { clusterAttacks } from './cluster-wide.ts';
import { fileAttacks } from './files.ts';
import { kustomizeAttacks } from './kustomize.ts';
import { namespaceAttacks } from './namespaces.ts';
import { networkAttacks } from './network.ts';
import { numberAttacks } from './numbers.ts';
import { ownSyncAttacks } from './own-sync.ts';
import { platformAttacks } from './platform.ts';
import { podAttacks } from './pods.ts';
import { privateAttacks } from './private.ts';
import { referenceAttacks } from './references.ts';
import { sourceAttacks } from './sources.ts';
import { syncAttacks } from './syncs.ts';
import { teamAttacks } from './team.ts';

/** The chapters of the table. */
export const chapters: readonly (readonly [string, readonly Attack[]])[] = [
  ['The namespace, other namespaces, the cluster', [...namespaceAttacks, ...clusterAttacks]],
  ['Access to the namespace', [...accessAttacks, ...teamAttacks]],
  ['Objects of the platform team', [...platformAttacks, ...ownSyncAttacks]],
  ['Pods and quotas', [...podAttacks, ...numberAttacks]],
  ['Services and network policies', networkAttacks],
  ['Sources and syncs', [...sourceAttacks, ...syncAttacks]],
  ['Private repositories', privateAttacks],
  ['Resource sets and charts', [...operatorAttacks, ...chartAttacks]],
  ['Notifications and artifacts', [...notificationAttacks, ...remoteAttacks]],
  ['References to other repositories', referenceAttacks],
  ['Tenants without permission for kustomization.yaml', kustomizeAttacks],
  ['Files', fileAttacks],
];

export const catalogue: readonly Attack[] = chapters.flatMap(([, attacks]) => attacks);
