/** etcd, API server, controller manager, scheduler, and kwok in the place of the kubelets. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathOf as binary } from './cache.ts';
import { writeKubeconfig, writeSigningKeys, writeTokens } from './credentials.ts';
import { type Access, call, get, kubectl } from './kube.ts';
import { freePorts, type Processes } from './processes.ts';
import { startProxy } from './proxy.ts';
import { until } from './wait.ts';

/** A running control plane. */
export type ControlPlane = Access & { server: string; ca: string };

/** Names of the binaries that a control plane needs. */
export const planeBinaries = [
  ...['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl', 'kwok'],
];

const stages = [
  'node/fast/node-initialize.yaml',
  'node/heartbeat-with-lease/node-heartbeat-with-lease.yaml',
  ...['pod-ready', 'pod-complete', 'pod-delete'].map((name) => `pod/fast/${name}.yaml`),
];

/** Starts etcd and the API server. The other half, `startWorkloads`, comes after Flux's CRDs. */
export async function startControlPlane(run: Processes): Promise<ControlPlane> {
  const [etcd = 0, peer = 0, secure = 0] = await freePorts(3);
  const at = (name: string) => join(run.dir, name);
  const tokens = writeTokens(at('tokens.csv'));
  writeSigningKeys(run.dir);
  startEtcd(run, etcd, peer);
  startApiServer(run, etcd, secure);
  const server = `https://127.0.0.1:${secure}`;
  const ca = at('certs/apiserver.crt');
  for (const [user, token] of tokens) writeKubeconfig(at(`${user}.kubeconfig`), server, ca, token);
  await until('the API server has made its certificate', 60_000, async () => {
    return existsSync(ca) ? { ok: true } : { seen: run.tail('kube-apiserver') };
  });
  const access = { kubeconfig: at('admin.kubeconfig'), kubectl: binary('kubectl') };
  await startProxy(run, access, at('proxy.sock'));
  const plane = { ...access, socket: at('proxy.sock'), server, ca };
  await until('the API server is ready', 60_000, async () => {
    const { code, out } = await call(plane, '/readyz').catch((e: Error) => ({
      code: 0,
      out: `${e}`,
    }));
    return code === 200 ? { ok: true } : { seen: out };
  });
  return plane;
}

/**
 * Starts what makes Deployments into pods, and waits for three Ready nodes. The controller manager
 * looks for new kinds every 30 s only and until then refuses what a quota counts of them: started
 * when the CRDs are there, it knows them at once, like in any cluster that has Flux for a minute.
 */
export async function startWorkloads(run: Processes, plane: ControlPlane): Promise<void> {
  const [manager = 0, scheduler = 0] = await freePorts(2);
  startManager(run, manager);
  startScheduler(run, scheduler);
  await startNodes(run, plane);
  await until('the role admin holds the rules for Flux objects', 30_000, async () => {
    const { out } = await call(plane, '/apis/rbac.authorization.k8s.io/v1/clusterroles/admin');
    const complete = ['"services"', '"kustomize.toolkit.fluxcd.io"'].every((it) =>
      out.includes(it),
    );
    return complete ? { ok: true } : { seen: out.slice(0, 500) };
  });
}

function startEtcd(run: Processes, port: number, peer: number): void {
  const [client, peers] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peer}`];
  const args = [
    ...[`--data-dir=${join(run.dir, 'etcd')}`, '--unsafe-no-fsync', '--log-level=warn'],
    ...[`--listen-client-urls=${client}`, `--advertise-client-urls=${client}`],
    ...[`--listen-peer-urls=${peers}`, `--initial-advertise-peer-urls=${peers}`],
    `--initial-cluster=default=${peers}`,
  ];
  run.start({ name: 'etcd', path: binary('etcd'), args });
}

function startApiServer(run: Processes, etcd: number, port: number): void {
  const args = [
    `--etcd-servers=http://127.0.0.1:${etcd}`,
    ...[`--secure-port=${port}`, '--bind-address=127.0.0.1', '--advertise-address=127.0.0.1'],
    `--cert-dir=${join(run.dir, 'certs')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${join(run.dir, 'sa.pub')}`,
    `--service-account-signing-key-file=${join(run.dir, 'sa.key')}`,
    '--service-cluster-ip-range=10.0.0.0/16',
    // Without RBAC nothing that these tests are about would be tested.
    '--authorization-mode=RBAC',
    // As kind and the cloud providers have it: without it nobody could make a privileged pod anyway.
    '--allow-privileged=true',
    `--token-auth-file=${join(run.dir, 'tokens.csv')}`,
  ];
  run.start({ name: 'kube-apiserver', path: binary('kube-apiserver'), args });
}

function startManager(run: Processes, port: number): void {
  const args = [
    `--kubeconfig=${join(run.dir, 'kube-controller-manager.kubeconfig')}`,
    `--service-account-private-key-file=${join(run.dir, 'sa.key')}`,
    `--root-ca-file=${join(run.dir, 'certs/apiserver.crt')}`,
    ...['--use-service-account-credentials', '--leader-elect=false'],
    ...[`--secure-port=${port}`, '--bind-address=127.0.0.1'],
  ];
  run.start({ name: 'kube-controller-manager', path: binary('kube-controller-manager'), args });
}

function startScheduler(run: Processes, port: number): void {
  const args = [
    `--kubeconfig=${join(run.dir, 'kube-scheduler.kubeconfig')}`,
    ...['--leader-elect=false', `--secure-port=${port}`, '--bind-address=127.0.0.1'],
  ];
  run.start({ name: 'kube-scheduler', path: binary('kube-scheduler'), args });
}

async function startNodes(run: Processes, plane: ControlPlane): Promise<void> {
  const folder = join(dirname(binary('kwok')), 'kustomize/stage');
  const config = join(run.dir, 'kwok.yaml');
  writeFileSync(config, stages.map((file) => readFileSync(join(folder, file))).join('\n---\n'));
  const kubeconfig = `--kubeconfig=${join(run.dir, 'kwok.kubeconfig')}`;
  // Without leases the controller manager takes the nodes for lost after a minute.
  const lease = '--node-lease-duration-seconds=40';
  const args = [kubeconfig, `--config=${config}`, '--manage-all-nodes=true', lease];
  run.start({ name: 'kwok', path: binary('kwok'), args });
  const room = { cpu: '64', memory: '256Gi', pods: '500', 'ephemeral-storage': '1Ti' };
  const nodes = ['node-1', 'node-2', 'node-3'].map((name, at) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/os': 'linux',
        'kubernetes.io/hostname': name,
        'topology.kubernetes.io/zone': `zone-${at + 1}`,
      },
    },
    status: { allocatable: room, capacity: room },
  }));
  const items = { apiVersion: 'v1', kind: 'List', items: nodes };
  await kubectl(plane, ['apply', '-f', '-'], JSON.stringify(items));
  for (const node of nodes) {
    await until(`${node.metadata.name} is Ready`, 30_000, async () => {
      const found = await get(plane, 'Node', undefined, node.metadata.name);
      const ready = found?.status?.conditions?.find((one) => one.type === 'Ready');
      return ready?.status === 'True' ? { ok: true } : { seen: JSON.stringify(found?.status) };
    });
  }
}
