/**
 * The policies of an estate for the tests that are about them. The policies of a real estate are for
 * the whole cluster. Here each estate gets its own copy, which asks for the prefix of its namespaces:
 * tests at the same time do not change each other's policies, nor those of a cluster that is in use.
 */
import { readdirSync } from 'node:fs';
import type { TestContext } from 'node:test';
import type { Document } from 'yaml';
import { configPath, type Estate, edit, readManifests } from './estate.ts';
import { type Access, kubectl, tryKubectl } from './kube.ts';
import { until } from './wait.ts';

type Condition = { name: string; expression: string };
type Policy = {
  kind: string;
  metadata: { name: string };
  spec: { policyName?: string; matchConditions?: Condition[] };
};

/** Applies the policies of `estate` until the test ends. */
export async function applyPolicies(t: TestContext, estate: Estate): Promise<void> {
  await updatePolicies(estate);
  const names = policiesOf(estate).map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  t.after(() => kubectl(estate.cluster, ['delete', '--ignore-not-found', ...names]));
}

/**
 * Writes the policies of `estate` for its own namespaces only, as files of its config repo, and applies these files until
 * the test ends. So the files and the cluster agree.
 */
export async function ownPolicies(t: TestContext, estate: Estate): Promise<void> {
  const folder = configPath(estate, 'policies');
  const { prefix } = estate;
  const rename = (document: Document, path: string[]): void =>
    document.setIn(path, `${document.getIn(path)}-${prefix}`);
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.yaml'))) {
    const file = configPath(estate, 'policies', name);
    edit(file, 'ValidatingAdmissionPolicy', (document) => {
      rename(document, ['metadata', 'name']);
      document.addIn(['spec', 'matchConditions'], ownCondition(prefix));
    });
    edit(file, 'ValidatingAdmissionPolicyBinding', (document) => {
      rename(document, ['metadata', 'name']);
      rename(document, ['spec', 'policyName']);
    });
  }
  await kubectl(estate.cluster, ['apply', '-f', folder]);
  const names = readdirSync(folder)
    .filter((one) => one.endsWith('.yaml'))
    .flatMap((one) => readManifests(configPath(estate, 'policies', one)) as Policy[])
    .filter(({ kind }) => kind.startsWith('ValidatingAdmissionPolicy'))
    .map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  t.after(() => kubectl(estate.cluster, ['delete', '--ignore-not-found', ...names]));
}

const ownCondition = (prefix: string): Condition => ({
  name: 'own',
  // A policy for a Namespace sees the name of this Namespace here.
  expression: `request.namespace.startsWith('${prefix}-')`,
});

/** Applies the policies again, after a command has changed their files. */
export async function updatePolicies(estate: Estate): Promise<void> {
  const items = { apiVersion: 'v1', kind: 'List', items: policiesOf(estate) };
  await kubectl(estate.cluster, ['apply', '--server-side', '-f', '-'], JSON.stringify(items));
}

function policiesOf(estate: Estate): Policy[] {
  const folder = configPath(estate, 'policies');
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  const objects = files.flatMap((name) => readManifests(configPath(estate, 'policies', name)));
  return (objects as Policy[])
    .filter(({ kind }) => kind.startsWith('ValidatingAdmissionPolicy'))
    .map((policy) => restricted(policy, estate.prefix));
}

function restricted({ kind, metadata, spec, ...rest }: Policy, prefix: string): Policy {
  const named = { ...rest, kind, metadata: { ...metadata, name: `${metadata.name}-${prefix}` } };
  if (spec.policyName) return { ...named, spec: { ...spec, policyName: named.metadata.name } };
  const matchConditions = [...(spec.matchConditions ?? []), ownCondition(prefix)];
  return { ...named, spec: { ...spec, matchConditions } };
}

/**
 * Applies the ClusterRoles of teams. They have no prefix, because 1_tenant.yaml names them, so they stay until the cluster
 * ends: another check may use them. On a cluster that does not end with the run they go with the test.
 */
export async function applyTeamRoles(t: TestContext, estate: Estate): Promise<void> {
  const { cluster } = estate;
  const file = configPath(estate, 'policies', 'team.yaml');
  const roles = (readManifests(file) as Policy[]).filter(({ kind }) => kind === 'ClusterRole');
  const items = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: roles });
  await kubectl(cluster, ['apply', '-f', '-'], items);
  const names = roles.map(({ metadata }) => `clusterrole/${metadata.name}`);
  if (cluster.kind === 'foreign')
    t.after(() => kubectl(cluster, ['delete', '--ignore-not-found', ...names]));
}

/** What the API server says when the tenant's account asks for `object`; empty when it agrees. */
export async function refusal(access: Access, namespace: string, object: object): Promise<string> {
  const as = ['--as', `system:serviceaccount:${namespace}:${namespace}`];
  const args = [...as, 'create', '--dry-run=server', '-f', '-'];
  const { code, error } = await tryKubectl(access, args, JSON.stringify(object));
  return code === 0 ? '' : error;
}

/** Waits until the policies of `estate` apply: the API server takes a moment to read them. */
export async function policiesApply(estate: Estate, namespace: string): Promise<void> {
  const metadata = { name: 'any', namespace };
  const spec = { externalIPs: ['192.0.2.1'], ports: [{ port: 80 }] };
  const source = { interval: '1m', url: 'https://other.invalid/charts' };
  // The API server takes up one policy after the other.
  const refused = {
    'tenant-network': { apiVersion: 'v1', kind: 'Service', metadata, spec },
    'tenant-sources': {
      ...{ apiVersion: 'source.toolkit.fluxcd.io/v1', kind: 'HelmRepository', metadata },
      spec: source,
    },
  };
  for (const [policy, object] of Object.entries(refused))
    await until(`the policy ${policy} applies`, 60_000, async () => {
      const seen = await refusal(estate.cluster, namespace, object);
      return seen.includes(policy) ? { ok: true } : { seen };
    });
}
