/** The step of `verify --live`: the cluster against the files. Every run of kubectl here reads, or is a dry run. */
import type { Kubectl, KubernetesObject } from '../../cluster/kubectl.ts';
import { repositoryUrl } from '../../plan/estate.ts';
import type { Say } from '../../terminal.ts';
import {
  about,
  aboutFile,
  type Estate,
  type Finding,
  type Manifest,
  type Tenant,
  textAt,
} from '../model.ts';
import type { Prepared } from '../verify.ts';
import { type Applied, compareApplied, expected } from './applied.ts';
import { controllerFindings, INSTANCE_FILE, type Installed, readInstalled } from './controllers.ts';
import { checkGuards } from './guards.ts';
import { askHeads, type Branch } from './heads.ts';
import { readObjects } from './objects.ts';
import { operatorFindings } from './operator.ts';
import { configPair, ownSecretFindings, readOwnSecrets } from './own-sync.ts';
import { secretFindings } from './secrets.ts';
import { type Stock, takeStock } from './stock.ts';
import { type Head, type SyncPair, syncFindings } from './syncs.ts';
import { finalizerFindings, unmanagedFindings } from './unmanaged.ts';

/** What a comparison needs: the cluster, and the time. */
export type LiveRun = { readonly kubectl: Kubectl; readonly say: Say; readonly now: number };

/** What the cluster and the git server say about an estate. */
type Seen = {
  readonly applied: Applied;
  readonly stock: Stock;
  readonly guards: readonly Finding[];
  readonly instance: Manifest | undefined;
  readonly installed: Installed | string | undefined;
  /** The Namespaces of the tenants that are on the cluster. */
  readonly namespaces: readonly KubernetesObject[];
  readonly pairs: readonly SyncPair[];
  /** The sync of the config repo itself, and its Secrets. */
  readonly own: SyncPair | undefined;
  readonly ownSecrets: readonly KubernetesObject[] | string;
  readonly headOf: (source: Manifest) => Head;
};

/**
 * Compares the estate of `prepared`, which has a config repo, with the cluster. Changes nothing. Throws a UserError if the
 * cluster does not answer.
 */
export async function compareLive(
  { estate, parse }: Pick<Prepared, 'estate' | 'parse'>,
  { kubectl, say, now }: LiveRun,
): Promise<Finding[]> {
  const { config } = estate.files;
  if (config === undefined) throw new Error('check has refused an estate without its config repo');
  const instance = parse(config, INSTANCE_FILE).manifests.find(isInstance);
  const seen = await look(estate, instance, kubectl, (what) =>
    say(`Comparing ${what} ...`, 'progress'),
  );
  say('', 'progress');
  const findings = [...judge(estate, seen, now), ...unseenFindings(config.name, seen.stock)];
  return findings.map((one) => ofTenant(one, estate.tenants));
}

const isInstance = ({ kind }: Manifest): boolean => kind === 'FluxInstance';

/** Asks the cluster and the git server; `step` says what comes next. */
async function look(
  estate: Estate,
  instance: Manifest | undefined,
  kubectl: Kubectl,
  step: (what: string) => void,
): Promise<Seen> {
  step('namespaces');
  const stock = await takeStock(
    kubectl,
    estate.tenants.map(({ namespace }) => namespace),
  );
  step('objects');
  const applied = await compareApplied(kubectl, expected(estate), stock.objects);
  const tenants = presentIn(estate, applied);
  const namespaces = await readNamespaces(kubectl, tenants);
  step('policies');
  const guards = await checkGuards(kubectl, estate, applied.live, stock.objects);
  step('controllers');
  const installed = instance && (await readInstalled(kubectl, instance));
  step('syncs');
  const own = instance && ownPair(estate, instance);
  const ownSecrets = own ? await readOwnSecrets(kubectl, own) : [];
  const pairs = [...tenants.filter(isStaying).flatMap(pairsOf), ...(own ? [own] : [])];
  const heads = await askHeads(pairs.flatMap(({ source }) => branchOf(estate, source) ?? []));
  const headOf = (source: Manifest): Head => {
    const branch = branchOf(estate, source);
    return branch && heads(branch);
  };
  return {
    applied,
    stock,
    guards,
    instance,
    installed,
    namespaces,
    pairs,
    own,
    ownSecrets,
    headOf,
  };
}

/** All findings about what was `seen`, at the time `now`. */
function judge(estate: Estate, seen: Seen, now: number): Finding[] {
  const { applied, stock, guards, instance, installed, namespaces, pairs, headOf } = seen;
  const { own, ownSecrets } = seen;
  const tenants = presentIn(estate, applied);
  const staying = tenants.filter(isStaying);
  const flux = typeof installed === 'object' ? installed.objects : [];
  const known = { files: estate.config, objects: stock.objects, appliers: flux };
  return [
    ...applied.findings,
    ...guards,
    ...installedFindings(estate, instance, installed),
    ...syncFindings(pairs, [...stock.objects, ...flux], headOf),
    ...secrets(staying, stock, now),
    ...(instance && own
      ? ownSecretFindings(estate.files.config?.name ?? '', instance, own, ownSecrets, now)
      : []),
    ...unmanagedFindings(staying, known),
    ...finalizerFindings(tenants, [...stock.objects, ...namespaces], now),
  ];
}

/** The tenants whose Namespace is on the cluster, as far as the user may know. */
const presentIn = ({ tenants }: Estate, { live }: Applied): Tenant[] =>
  tenants.filter(({ manifests }) => {
    const namespace = manifests.find(({ kind }) => kind === 'Namespace');
    return namespace !== undefined && live.get(namespace) !== 'missing';
  });

const isStaying = ({ environment }: Tenant): boolean => environment.leaving !== true;

/** `finding` with the environment whose file it is about, for the hint. */
function ofTenant(finding: Finding, tenants: readonly Tenant[]): Finding {
  const { manifest } = finding.place;
  const tenant = tenants.find(({ manifests }) => manifest && manifests.includes(manifest));
  if (tenant === undefined) return finding;
  const { name, repo } = tenant.environment;
  return { environment: name, appRepo: repo, ...finding };
}

/** The Namespaces of `tenants` on the cluster, also of those that are leaving. */
async function readNamespaces(
  kubectl: Kubectl,
  tenants: readonly Tenant[],
): Promise<KubernetesObject[]> {
  const manifests = tenants.flatMap((tenant) =>
    tenant.manifests.filter(({ kind }) => kind === 'Namespace'),
  );
  const answers = await readObjects(kubectl, manifests);
  return [...answers.values()].flatMap((one) =>
    typeof one === 'object' && 'object' in one ? [one.object] : [],
  );
}

/** The sync of the config repo. Commands name it by the repository. */
function ownPair({ files }: Estate, instance: Manifest): SyncPair | undefined {
  const pair = configPair(instance);
  const name = files.config?.name ?? '';
  return pair && { ...pair, environment: name, appRepo: name };
}

function installedFindings(
  { files }: Estate,
  instance: Manifest | undefined,
  installed: Installed | string | undefined,
): Finding[] {
  if (instance === undefined || installed === undefined) return [];
  if (typeof installed !== 'string')
    return [
      ...controllerFindings(instance, installed),
      ...(files.config
        ? operatorFindings(files.config, instance.namespace ?? 'flux-system', installed.objects)
        : []),
    ];
  return [about('not-checked', instance, `the controllers of Flux are not compared: ${installed}`)];
}

/** The syncs of a tenant with their sources. */
function pairsOf({ syncs, environment }: Tenant): SyncPair[] {
  return syncs.map(({ manifest, source }) => ({
    sync: manifest,
    source,
    environment: environment.name,
    appRepo: environment.repo,
  }));
}

/** Where the newest commit of `source` is: its branch, at the web address of the repository or where Flux fetches it. */
function branchOf({ files, tenants }: Estate, source: Manifest | undefined): Branch | undefined {
  if (source?.kind !== 'GitRepository') return undefined;
  const branch = textAt(source.value, 'spec', 'ref', 'branch');
  const url = textAt(source.value, 'spec', 'url');
  if (branch === undefined || url === undefined) return undefined;
  const tenant = tenants.find(({ manifests }) => manifests.includes(source));
  const record = files.config?.record;
  const web = tenant
    ? repositoryUrl(tenant.environment, tenant.environment.repo)
    : record && repositoryUrl(record.shared, record.name);
  return { branch, urls: [...new Set([...(web === undefined ? [] : [web]), url])] };
}

/** The Secrets of namespaces whose Secrets the user may see. */
function secrets(tenants: readonly Tenant[], { objects, unseen }: Stock, now: number): Finding[] {
  const hidden = new Set(unseen.get('secrets'));
  const manifests = tenants
    .filter(({ namespace }) => !hidden.has(namespace))
    .flatMap((tenant) => tenant.manifests);
  const found = objects.filter(({ kind }) => kind === 'Secret');
  return secretFindings(manifests, found, now);
}

/** One finding for all kinds that the user may not list. */
function unseenFindings(config: string, { unseen }: Stock): Finding[] {
  if (unseen.size === 0) return [];
  const namespaces = [...new Set([...unseen.values()].flat())];
  const where =
    namespaces.length > 3
      ? `${namespaces.slice(0, 3).join(', ')} and others`
      : namespaces.join(', ');
  const message = `you have no right to list ${[...unseen.keys()].join(', ')} in ${where}, so what nobody manages there is not known`;
  return [aboutFile('not-checked', config, '.yo-rc.json', message)];
}
