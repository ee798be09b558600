/**
 * Flux as in production: flux-operator with the arguments that its Helm chart makes of the generated
 * values, the generated FluxInstance, and the controllers with the arguments that the operator wrote
 * into their Deployments. Only what a process outside a pod cannot have is changed.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { pathOf as binary } from './cache.ts';
import { fluxGitops } from './command.ts';
import { type ControlPlane, startWorkloads } from './control-plane.ts';
import { writeKubeconfig } from './credentials.ts';
import { call, get, kubectl } from './kube.ts';
import { freePorts, type Processes } from './processes.ts';
import { until } from './wait.ts';

const namespace = 'flux-system';

/** The controllers that run; the Deployments of the others exist. */
export const controllers = ['source-controller', 'kustomize-controller', 'helm-controller'];

/** Names of the binaries of this tier. */
export const fluxBinaries = ['flux-operator', ...controllers];

/** What is applied of the folder install/: the FluxInstance, and the values of the operator's chart. */
export type Install = { instance: string; values: string };

/** What may differ: what is applied, and where two of the controllers listen. */
export type FluxWishes = {
  /** Without it, what the command writes. */
  install?: Install;
  /** Where the source-controller serves artifacts: a host and a port; without it, any free port. */
  artifacts?: string;
  /** The port of the operator's Web UI, where its values want one; without it, any free port. */
  web?: number;
  /** The port of the kustomize-controller's metrics; without it, any free port. */
  metrics?: number;
  /** What this machine adds to what the operator wrote, for the controllers. */
  environment?: Readonly<Record<string, string>>;
};

/**
 * Installs the operator and an instance, and starts the controllers. The instance itself is Ready
 * half a minute later only: the operator first tries to tell the notification controller.
 */
export async function startFlux(
  run: Processes,
  plane: ControlPlane,
  { install, web, ...where }: FluxWishes = {},
): Promise<void> {
  const config = join(dirname(binary('flux-operator')), 'config');
  await kubectl(plane, ['apply', '--server-side', '-k', join(config, 'default')]);
  const { instance, values } = install ?? (await generatedInstall(join(run.dir, 'instance')));
  await startOperator(run, plane, values, web);
  await kubectl(plane, ['apply', '-f', '-'], instance);
  for (const name of controllers) await containerOf(run, plane, name);
  await startWorkloads(run, plane);
  for (const name of controllers) await startController(run, plane, name, where);
}

/** What the command under test writes: what users apply is what is tested. */
async function generatedInstall(dir: string): Promise<Install> {
  await fluxGitops(['--yes', '--into', dir]);
  return readInstall(join(dir, 'flux-demo'));
}

/** Reads the folder install/ of a config repo. */
export function readInstall(repo: string): Install {
  const read = (file: string) => readFileSync(join(repo, 'install', file), 'utf8');
  return { instance: read('flux-instance.yaml'), values: read('flux-operator-values.yaml') };
}

type OperatorValues = { multitenancy?: { enabled?: boolean }; web?: { enabled?: boolean } };

/** The arguments that the chart flux-operator makes of `values`; the Web UI is on unless they say otherwise. */
function operatorArgs(values: string, port: number): string[] {
  const { multitenancy, web } = (parse(values) ?? {}) as OperatorValues;
  return [
    ...(multitenancy?.enabled ? ['--default-service-account=flux-operator'] : []),
    `--web-server-port=${web?.enabled === false ? 0 : port}`,
  ];
}

/** The port of the Web UI in a pod. */
const WEB = 9080;

/** Gives the Deployment of the operator, which nothing runs here, the arguments that its chart would. */
async function writeArgs(plane: ControlPlane, args: readonly string[]): Promise<void> {
  const containers = [{ name: 'manager', args }];
  const patch = JSON.stringify({ spec: { template: { spec: { containers } } } });
  const where = ['-n', namespace, 'patch', 'deployment/flux-operator'];
  await kubectl(plane, [...where, '--type=strategic', '-p', patch]);
}

/** Starts the operator as its chart would with `values`. */
export async function startOperator(
  run: Processes,
  plane: ControlPlane,
  values: string,
  web?: number,
): Promise<void> {
  const data = join(dirname(binary('flux-operator')), 'config/data');
  const [metrics = 0, health = 0, port = 0] = await freePorts(3);
  const kubeconfig = await actAs(run, plane, 'flux-operator');
  const args = [
    `--storage-path=${data}`,
    '--enable-leader-election=false',
    ...operatorArgs(values, web ?? port),
    `--metrics-addr=127.0.0.1:${metrics}`,
    `--health-addr=127.0.0.1:${health}`,
  ];
  // The operator refuses to start without this setting.
  const env = { KUBECONFIG: kubeconfig, RUNTIME_NAMESPACE: namespace, GODEBUG: 'fips140=on' };
  run.start({ name: 'flux-operator', path: binary('flux-operator'), args, env });
  await writeArgs(plane, operatorArgs(values, WEB));
}

/** A kubeconfig for the controller's own service account: it may do what it may do in a pod. */
async function actAs(run: Processes, plane: ControlPlane, account: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
  const spec = { expirationSeconds: 30 * 24 * 3600 };
  const token = await until(`a token for ${account}`, 60_000, async () => {
    const { code, out } = await call(plane, path, 'POST', { spec });
    if (code !== 201) return { seen: out };
    return { ok: (JSON.parse(out) as { status: { token: string } }).status.token };
  });
  const file = join(run.dir, `${account}.kubeconfig`);
  writeKubeconfig(file, plane.server, plane.ca, token);
  return file;
}

/** What a controller runs with, as the operator wrote it. */
export type Container = { args: string[]; env?: { name: string; value?: string }[] };

/** The container of a controller's Deployment; waits for the operator to write it. */
export async function containerOf(
  run: Processes,
  plane: ControlPlane,
  name: string,
): Promise<Container> {
  type Template = { template: { spec: { containers: Container[] } } };
  const explain = () => run.tail('flux-operator');
  return until(
    `the operator has written the Deployment ${name}`,
    60_000,
    async () => {
      const found = await get(plane, 'Deployment', namespace, name);
      const spec = found?.spec as Template | undefined;
      const container = spec?.template.spec.containers[0];
      return container ? { ok: container } : { seen: 'no such Deployment' };
    },
    explain,
  );
}

/** What only makes sense in a pod is replaced: `--events-addr`, ports, the storage's address. */
const inPodOnly = ['--events-addr', '--enable-leader-election', '--storage-', '--metrics-addr'];

/** Starts a controller with the arguments and the environment that the operator wrote for it. */
export async function startController(
  run: Processes,
  plane: ControlPlane,
  name: string,
  {
    artifacts,
    metrics: wanted,
    environment = {},
  }: Pick<FluxWishes, 'artifacts' | 'metrics' | 'environment'> = {},
): Promise<void> {
  const container = await containerOf(run, plane, name);
  const [metrics = 0, health = 0, storage = 0] = await freePorts(3);
  const kept = container.args.filter((arg) => !inPodOnly.some((prefix) => arg.startsWith(prefix)));
  const port = name === 'kustomize-controller' ? (wanted ?? metrics) : metrics;
  const args = [...kept, '--events-addr=', '--enable-leader-election=false'];
  args.push(
    `--metrics-addr=${metricsHost(container)}:${port}`,
    `--health-addr=127.0.0.1:${health}`,
  );
  if (name === 'source-controller') {
    const folder = join(run.dir, 'artifacts');
    mkdirSync(folder, { recursive: true });
    const address = artifacts ?? `127.0.0.1:${storage}`;
    args.push(`--storage-path=${folder}`, `--storage-addr=${address}`);
    args.push(`--storage-adv-addr=${address}`);
  }
  const own = { KUBECONFIG: await actAs(run, plane, name), RUNTIME_NAMESPACE: namespace };
  run.start({
    name,
    path: binary(name),
    args,
    env: { ...environment, ...environmentOf(container), ...own },
  });
}

/** A pod's own address is not loopback's 127.0.0.1; of the addresses here, another stands for it. */
const metricsHost = ({ args }: Container): string =>
  args.some((arg) => arg.startsWith('--metrics-addr=[$(POD_IP)]')) ? '127.0.0.2' : '127.0.0.1';

/** The variables that have a value; the kubelet fills in the address of the API server. */
function environmentOf({ env = [] }: Container): Record<string, string> {
  const filled = (value: string) => value.replaceAll('$(KUBERNETES_SERVICE_HOST)', '127.0.0.1');
  return Object.fromEntries(
    env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, filled(value)]])),
  );
}
