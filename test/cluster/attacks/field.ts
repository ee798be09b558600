/** The estates that are attacked: written by the command, one tenant for each attack. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Document, parseAllDocuments } from 'yaml';
import type { Cluster } from '../cluster.ts';
import { fluxGitops } from '../command.ts';
import { type Estate, publish } from '../estate.ts';
import { type Access, kubectl } from '../kube.ts';
import { makeKey, type PrivateGit } from '../private-git.ts';
import { type Attack, bound, core, type Field, of, type Tenant } from './attack.ts';
import type { FileServer } from './file-server.ts';
import type { Lines } from './lines.ts';
import { teamGroup } from './team.ts';

const buckets = 'https://buckets.invalid';
const registry = 'oci://registry.invalid/own';
const rbac = 'rbac.authorization.k8s.io';

/** A generated estate with the tenants of every attack. */
export type Battlefield = {
  field: Field;
  estate: Estate;
  /** The repository that feeds every tenant. */
  repo: string;
  attacks: readonly Attack[];
  tenantOf: (attack: Attack) => Tenant;
  /** The Secrets with which Flux reads private repositories. */
  secrets: readonly object[];
};

/** What a tenant may name besides Kubernetes' API. */
export type Servers = {
  git: Cluster['git'];
  privateGit: PrivateGit;
  files: FileServer;
  artifacts: string;
  web: string;
  metrics: string;
  lines: Lines;
};

/** Whose repositories an estate syncs from, and the one that feeds every tenant: the policies know one owner. */
const origins: Readonly<Record<Field, { owner: string; repo: string }>> = {
  open: { owner: 'open', repo: 'attacks' },
  reference: { owner: 'reference', repo: 'attacks' },
  public: { owner: 'hardened', repo: 'attacks-public' },
  private: { owner: 'hardened', repo: 'attacks' },
};

/** Generates the estate of `field`; nothing is pushed or applied yet. */
export async function makeField(
  { git, privateGit, files, artifacts, web, metrics, lines }: Servers,
  field: Field,
  attacks: readonly Attack[],
  dir: string,
): Promise<Battlefield> {
  const { owner, repo } = origins[field];
  const names = attacks.map(({ name }) => name);
  const repos = Object.fromEntries(['victim', ...names].map((name) => [name, repo]));
  const profile = field === 'reference' ? 'reference' : 'hardened';
  const cluster: Cluster = {
    kind: 'own',
    kubeconfig: '',
    kubectl: '',
    socket: '',
    logs: '',
    git,
    pid: 0,
  };
  const estate: Estate = { cluster, profile, dir, owner, prefix: field, repos };
  mkdirSync(dir, { recursive: true });
  const identity = ['--github-url', git.push, '--owner', owner, '--prefix', field];
  const scenario = ['--scenario', `${repo}=${Object.keys(repos).join(',')}`];
  const teams = names.map((name) => `--team=${name}=${teamGroup}`);
  const rest = ['--profile', profile, '--interval', '1h', ...teams];
  const allowed = ['--allow-source', `${files.url}/files`, '--allow-source', buckets];
  allowed.push('--allow-source', registry);
  allowed.push('--visibility', field === 'private' ? 'private' : 'public');
  if (field === 'private') allowed.push('--ssh-url', privateGit.sshUrl);
  await fluxGitops(['--yes', '--into', dir, ...identity, ...scenario, ...rest, ...allowed]);
  const theirs = `${files.url}/theirs`;
  const config = join(dir, 'flux-demo');
  await fluxGitops(['tenant', 'victim', '--yes', '--into', config, '--allow-source', theirs]);
  for (const attack of attacks) prepareTenant(estate, field, attack);
  for (const { name, line } of attacks)
    if (line) await lines.open(`${field}-${name}`, line.scheme, line.held ?? false);
  const neighbour = `neighbour-${field}`;
  await makeNeighbour(estate, neighbour);
  const keyOf = (name: string) => deployKey(privateGit, `${owner}/${name}`);
  const [own, other] = [keyOf(repo), keyOf(neighbour)];
  const secrets = [
    ...Object.keys(repos).map((name) => secretOf(`${field}-${name}`, repo, own)),
    secretOf(`${field}-victim`, neighbour, other),
  ];
  const tenantOf = ({ name }: Attack): Tenant => ({
    field,
    namespace: `${field}-${name}`,
    victim: `${field}-victim`,
    repo,
    url: `${git.url}/${owner}/${repo}`,
    owner,
    ssh: `${privateGit.sshUrl}/${owner}`,
    neighbour,
    line: lines.address(`${field}-${name}`),
    files: `${files.url}/files`,
    elsewhere: `${files.url}/elsewhere/${field}`,
    theirs,
    buckets,
    registry,
    outside: `${files.url.replace('127.0.0.1', '0.0.0.0')}/elsewhere/${field}`,
    artifacts,
    web,
    metrics,
  });
  return { field, estate, repo, attacks, tenantOf, secrets };
}

/** A private repository of another tenant. */
async function makeNeighbour(estate: Estate, name: string): Promise<void> {
  mkdirSync(join(estate.dir, name), { recursive: true });
  writeFileSync(join(estate.dir, name, 'secret.txt'), 'of the neighbour\n');
  await publish(estate, name);
}

/** The fields of a Secret with a new deploy key for one repository. */
function deployKey(git: PrivateGit, repository: string): object {
  const { identity, identityPub } = makeKey();
  git.allow(identityPub, repository);
  return { identity, 'identity.pub': identityPub, known_hosts: git.knownHosts };
}

const secretOf = (namespace: string, repo: string, stringData: object) => {
  const labels = { 'toolkit.fluxcd.io/tenant': namespace };
  return core('Secret', { name: `git-${repo}`, namespace, labels }, { stringData });
};

/**
 * Nobody waits for the health of what an attack makes, and hundreds of refused syncs are not tried again every two
 * minutes: the controllers would do nothing else. In the open, no guard is left.
 */
function prepareTenant(estate: Estate, field: Field, { name }: Attack): void {
  const sync = join(estate.dir, 'flux-demo', name, '2_sync.yaml');
  change(sync, (document) => {
    if (document.get('kind') === 'ResourceQuota') return field !== 'open';
    if (document.get('kind') !== 'Kustomization') return true;
    document.deleteIn(['spec', 'wait']);
    if (document.hasIn(['spec', 'retryInterval'])) document.setIn(['spec', 'retryInterval'], '10m');
    if (field !== 'open') return true;
    document.deleteIn(['spec', 'targetNamespace']);
    document.deleteIn(['spec', 'patches']);
    return true;
  });
  if (field !== 'open') return;
  change(join(estate.dir, 'flux-demo', name, '1_tenant.yaml'), (document) => {
    if (document.get('kind') === 'Namespace') document.deleteIn(['metadata', 'labels']);
    return document.get('kind') !== 'ResourceQuota';
  });
}

/** Rewrites the YAML of a file, less the documents that `keep` does not want. */
export function change(file: string, keep: (document: Document) => boolean): void {
  const documents = parseAllDocuments(readFileSync(file, 'utf8')) as Document[];
  writeFileSync(
    file,
    documents
      .filter(keep)
      .map((one) => one.toString())
      .join(''),
  );
}

/** Applies the tenants as the README says; in the open, every one of them may do everything. */
export async function applyTenants(battle: Battlefield, access: Access): Promise<void> {
  const { estate, field } = battle;
  const folders = Object.keys(estate.repos).flatMap((name) => [
    '-f',
    join(estate.dir, 'flux-demo', name),
  ]);
  if (field === 'open') {
    const subjects = battle.attacks.map((attack) => {
      const { namespace } = battle.tenantOf(attack);
      return { kind: 'ServiceAccount', name: namespace, namespace };
    });
    const people = { apiGroup: rbac, kind: 'Group', name: teamGroup };
    const roleRef = { apiGroup: rbac, kind: 'ClusterRole', name: 'cluster-admin' };
    const everybody = of(`${rbac}/v1`, 'ClusterRoleBinding', { name: 'open' }, undefined, {
      roleRef,
      subjects: [...subjects, people],
    });
    await kubectl(access, ['apply', '-f', '-'], JSON.stringify(everybody));
  }
  const tenants = folders.map((path) => (path === '-f' ? path : join(path, '1_tenant.yaml')));
  await kubectl(access, ['apply', ...tenants]);
  const secrets = { apiVersion: 'v1', kind: 'List', items: battle.secrets };
  await kubectl(access, ['apply', '-f', '-'], JSON.stringify(secrets));
  await kubectl(access, ['apply', ...folders]);
  const accounts = battle.attacks
    .filter(({ fromPod }) => fromPod)
    .flatMap((attack) => bound(battle.tenantOf(attack).namespace));
  const shared = of('scheduling.k8s.io/v1', 'PriorityClass', { name: 'platform' }, undefined, {
    value: 1000,
  });
  const items = { apiVersion: 'v1', kind: 'List', items: [shared, ...accounts] };
  // On the server, because every estate applies the same PriorityClass at the same time.
  await kubectl(access, ['apply', '--server-side', '-f', '-'], JSON.stringify(items));
}
