/** What the demo application is to look like, read from the cluster. */
import assert from 'node:assert/strict';
import { type Estate, namespaceOf } from './estate.ts';
import { explain } from './expect.ts';
import { get, type Kubernetes } from './kube.ts';
import { until } from './wait.ts';

/** The values that the command puts into the demo application. */
export type App = { colour: string; content: string; replicas: number; service: string };

/** What the command promises for the three environments when nothing else is asked for. */
export const defaultApps: Readonly<Record<string, App>> = {
  dev: { colour: 'Cornsilk', content: 'Test message', replicas: 1, service: 'ClusterIP' },
  stage: {
    colour: 'Wheat',
    content: 'This is the staging environment',
    replicas: 1,
    service: 'ClusterIP',
  },
  prod: {
    colour: 'LightSteelBlue',
    content: 'This is the production environment',
    replicas: 1,
    service: 'ClusterIP',
  },
};

type Pods = { containers: { env?: { name: string; value?: string }[] }[] };

/** The demo application as it is in the cluster now. */
export async function appIn(estate: Estate, env: string): Promise<App> {
  const namespace = namespaceOf(estate, env);
  const deployment = await get(estate.cluster, 'Deployment', namespace, 'kcheck');
  const service = await get(estate.cluster, 'Service', namespace, 'kcheck-service');
  assert.ok(deployment, `no Deployment kcheck in ${namespace}`);
  assert.ok(service, `no Service kcheck-service in ${namespace}`);
  const spec = deployment.spec as { replicas: number; template: { spec: Pods } };
  const set = spec.template.spec.containers[0]?.env ?? [];
  const value = (name: string) => set.find((one) => one.name === name)?.value ?? '';
  const [colour, content] = [value('COLOUR'), value('CONTENT')];
  return { colour, content, replicas: spec.replicas, service: String(service.spec?.type) };
}

/** The Deployment of the demo application. */
export async function deploymentIn(estate: Estate, env: string): Promise<Kubernetes> {
  const found = await get(estate.cluster, 'Deployment', namespaceOf(estate, env), 'kcheck');
  assert.ok(found, `no Deployment kcheck in ${namespaceOf(estate, env)}`);
  return found;
}

/** Waits until every pod of the demo application is available: admission let them in. */
export async function running(estate: Estate, env: string): Promise<void> {
  await until(
    `Deployment kcheck in ${namespaceOf(estate, env)} is available`,
    30_000,
    async () => {
      const { spec, status } = await deploymentIn(estate, env);
      const seen = JSON.stringify(status);
      return status?.availableReplicas === spec?.replicas ? { ok: true } : { seen };
    },
    () => explain(estate, env),
  );
}
