/** The service accounts as which the pods of a tenant run. */

import { podsOf } from '../admission/pods.ts';
import { about, type Finding, type Manifest, type Tenant, textAt } from '../model.ts';

/** Kinds that bring objects which are not known here. */
const BRINGS_MORE = new Set(['HelmRelease', 'Kustomization', 'ResourceSet']);

/** Pods of `objects`, all objects of the app, with an account that nothing here makes. */
export function checkPodAccounts(tenant: Tenant, objects: readonly Manifest[]): Finding[] {
  const namesIn = (manifests: readonly Manifest[]): string[] =>
    manifests.filter(({ kind }) => kind === 'ServiceAccount').map(({ name }) => name);
  const before = new Set(['default', ...namesIn(tenant.manifests)]);
  const all = new Set([...before, ...namesIn(objects)]);
  const bringsMore = objects.some(({ kind }) => BRINGS_MORE.has(kind));
  return objects.flatMap((manifest) => {
    const pods = podsOf(manifest);
    const name = textAt(pods?.spec, 'serviceAccountName') ?? textAt(pods?.spec, 'serviceAccount');
    if (pods === undefined || name === undefined || name === '' || before.has(name)) return [];
    const isLate = manifest.kind === 'Pod' && all.has(name);
    if (!isLate && (all.has(name) || bringsMore)) return [];
    const message = `error looking up service account ${tenant.namespace}/${name}: serviceaccount "${name}" not found`;
    const field = [...pods.path, 'serviceAccountName'];
    const finding = about('pod-account-missing', manifest, message, field);
    return [isLate ? { ...finding, hint: LATE } : finding];
  });
}

const LATE =
  'Flux tries all objects before it creates the first one, and a Pod is refused without its account. Use a Job or a Deployment, or push the ServiceAccount in an earlier commit.';
