/** What the page of `npm run cluster` shows, from the objects of the cluster. */
import { openWorkspace } from '../../../lib/disk/workspace.ts';
import { inputError, type Problem } from '../../../lib/errors.ts';
import { shortRevision } from '../../../lib/status/model.ts';
import { placesOf } from '../../../lib/status/rows.ts';
import { type Access, type Kubernetes, list } from '../kube.ts';
import type { Shown } from './page.ts';

/** Every environment of the estate in `folder` as it is now. Environments that were added since then are there as well. */
export async function livingEnvironments(access: Access, folder: string): Promise<Shown[]> {
  const problems: Problem[] = [];
  const record = openWorkspace('status', folder, '.', undefined, problems).home?.record;
  if (record === undefined || problems.length > 0) throw inputError(problems);
  const [apps, syncs] = await Promise.all([
    list(access, 'Deployment'),
    list(access, 'Kustomization'),
  ]);
  const places = placesOf({ record, chosen: [] }).filter(({ role }) => role !== 'config');
  return places.map(({ name, namespace, sync }) => {
    const app = find(apps, namespace, 'kcheck');
    return {
      name,
      namespace,
      ...syncFields(find(syncs, namespace, sync), `kubectl apply -f ${record.name}/${name}/`),
      ...(app && { app: appFields(app) }),
    };
  });
}

const find = (all: readonly Kubernetes[], namespace: string, name: string) =>
  all.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);

function syncFields(
  sync: Kubernetes | undefined,
  remedy: string,
): Pick<Shown, 'revision' | 'ready' | 'message'> {
  if (sync === undefined)
    return { revision: '-', ready: '-', message: `Not applied yet: ${remedy}` };
  const { lastAppliedRevision } = (sync.status ?? {}) as { lastAppliedRevision?: string };
  const ready = sync.status?.conditions?.find(({ type }) => type === 'Ready');
  return {
    revision: lastAppliedRevision === undefined ? '-' : shortRevision(lastAppliedRevision),
    ready: ready?.status ?? 'Unknown',
    message: ready?.message ?? 'Flux has not looked at it yet.',
  };
}

type Spec = {
  replicas?: number;
  template: { spec: { containers: { env?: { name: string; value?: string }[] }[] } };
};

function appFields({ metadata, spec, status }: Kubernetes): NonNullable<Shown['app']> {
  const { replicas = 1, template } = spec as unknown as Spec;
  const variables = template.spec.containers[0]?.env ?? [];
  const textOf = (wanted: string): string =>
    variables.find(({ name }) => name === wanted)?.value ?? '';
  return {
    colour: textOf('COLOUR'),
    content: textOf('CONTENT'),
    replicas,
    ready: Number(status?.readyReplicas ?? 0),
    generation: metadata.generation,
  };
}
