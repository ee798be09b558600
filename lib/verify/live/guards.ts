/** Whether the policies of the estate refuse on the cluster what they must refuse. */
import pMap from 'p-map';
import type { Kubectl, KubernetesObject } from '../../cluster/kubectl.ts';
import { KUSTOMIZATIONS, SOURCE_RESOURCES } from '../../plan/estate.ts';
import {
  about,
  type Estate,
  type Finding,
  listAt,
  type Manifest,
  objectAt,
  type Tenant,
  textAt,
} from '../model.ts';
import { type Answer, AT_ONCE, DRY_RUN, inputOf, NO_RIGHT } from './objects.ts';
import { PROBE, PROBES, type ProbePlace, type Request, type Sender } from './probes.ts';

/** A policy of the config repo that has a probe, and the namespace of a tenant to which it applies. */
type Trial = {
  readonly policy: Manifest;
  readonly file: string;
  readonly place: ProbePlace;
  readonly request: Request;
};

/**
 * How a trial ended: refused by its policy, accepted, not tried because the user may not act as others, or something else,
 * with the words of the cluster.
 */
export type Verdict = 'refused' | 'accepted' | 'barred' | { readonly said: string };

const RESOURCES: { readonly [kind: string]: string } = {
  ...SOURCE_RESOURCES,
  Kustomization: KUSTOMIZATIONS,
  HelmRepository: 'helmrepositories.source.toolkit.fluxcd.io',
  HelmRelease: 'helmreleases.helm.toolkit.fluxcd.io',
};

/**
 * Tries for each policy a request that it must refuse. Each is a dry run, so nothing changes, whatever the cluster says.
 * `objects` are the objects of all tenants.
 */
export async function checkGuards(
  kubectl: Kubectl,
  estate: Estate,
  live: ReadonlyMap<Manifest, Answer>,
  objects: readonly KubernetesObject[],
): Promise<Finding[]> {
  const places = estate.tenants
    .filter(({ environment, manifests }) => !environment.leaving && isThere(manifests, live))
    .map((tenant) => ({ tenant, place: placeOf(tenant, objects) }));
  if (places.length === 0) return hiddenFindings(estate, live);
  const trials = estate.config.flatMap((policy) => trialOf(policy, live, places) ?? []);
  const verdicts = await tryAll(kubectl, trials);
  return guardFindings(trials, verdicts);
}

/** What is said if the user may not see the namespace of any tenant, so that no policy can be tried. */
function hiddenFindings({ config }: Estate, live: ReadonlyMap<Manifest, Answer>): Finding[] {
  const first = config.find(({ kind }) => kind === 'ValidatingAdmissionPolicy');
  const isHidden = [...live].some(
    ([{ kind }, answer]) => kind === 'Namespace' && typeof answer === 'object' && 'said' in answer,
  );
  if (first === undefined || !isHidden) return [];
  const message =
    'you may see no namespace of a tenant, so nothing shows whether the policies refuse';
  return [about('not-checked', first, message)];
}

/** Whether the Namespace exists and has the label of tenants. One without it has a finding of its own. */
function isThere(manifests: readonly Manifest[], live: ReadonlyMap<Manifest, Answer>): boolean {
  const namespace = manifests.find(({ kind }) => kind === 'Namespace');
  const answer = namespace && live.get(namespace);
  if (typeof answer !== 'object' || !('object' in answer)) return false;
  return answer.object.metadata.labels?.['toolkit.fluxcd.io/role'] === 'tenant';
}

function placeOf(
  { namespace, manifests }: Tenant,
  objects: readonly KubernetesObject[],
): ProbePlace {
  const own = objects.find(
    ({ kind, metadata }) =>
      metadata.namespace === namespace &&
      kind in RESOURCES &&
      metadata.labels?.['toolkit.fluxcd.io/tenant'] === undefined,
  );
  const groups = manifests
    .filter(({ kind, name }) => kind === 'RoleBinding' && name === 'flux-gitops-team')
    .flatMap(({ value }) => listAt(value, 'subjects'))
    .filter((one) => textAt(one, 'kind') === 'Group');
  return {
    namespace,
    own: own && `${RESOURCES[own.kind]}/${own.metadata.name}`,
    team: textAt(groups[0], 'name'),
  };
}

type Placed = { readonly tenant: Tenant; readonly place: ProbePlace };

function trialOf(
  policy: Manifest,
  live: ReadonlyMap<Manifest, Answer>,
  places: readonly Placed[],
): Trial | undefined {
  const file = /^policies\/([^/]+)\.ya?ml$/.exec(policy.path)?.[1] ?? '';
  const probe = PROBES[file];
  // A policy that is not there has a finding already.
  if (policy.kind !== 'ValidatingAdmissionPolicy' || !probe || live.get(policy) === 'missing')
    return undefined;
  for (const { tenant, place } of places) {
    const request = applies(file, tenant) ? probe.request(place) : undefined;
    if (request) return { policy, file, place, request };
  }
  return undefined;
}

/** Whether the policy of `file` is meant for `tenant`: by its files, because the labels on the cluster can be wrong. */
function applies(file: string, { manifests }: Tenant): boolean {
  const namespace = manifests.find(({ kind }) => kind === 'Namespace');
  const labels = objectAt(namespace?.value, 'metadata', 'labels');
  if (labels['toolkit.fluxcd.io/role'] !== 'tenant') return false;
  return file !== 'kustomize' || labels['flux-gitops/allow-kustomize'] !== 'yes';
}

async function tryAll(kubectl: Kubectl, trials: readonly Trial[]): Promise<Map<Trial, Verdict>> {
  const verdicts = await pMap(trials, (one) => verdictOf(kubectl, one), { concurrency: AT_ONCE });
  return new Map(trials.map((one, n) => [one, verdicts[n] ?? { said: '' }]));
}

async function verdictOf(kubectl: Kubectl, trial: Trial): Promise<Verdict> {
  const { place, request } = trial;
  if (!(await mayAct(kubectl, request.as, place))) return 'barred';
  const verdict = await send(kubectl, trial, request.as);
  // The account of the tenant may have lost its rights. What the policy does is another question.
  const isForbidden = typeof verdict === 'object' && NO_RIGHT.test(verdict.said);
  if (request.as !== 'tenant' || !isForbidden) return verdict;
  return (await mayAct(kubectl, 'account', place)) ? send(kubectl, trial, 'account') : 'barred';
}

/** Whether the user may act as `sender`. Without the right, what kubectl says to a request does not show that. */
async function mayAct(
  kubectl: Kubectl,
  sender: Sender,
  { namespace, team }: ProbePlace,
): Promise<boolean> {
  const account = (name: string): string[] => [`serviceaccounts/${name}`, '-n', namespace];
  const wanted = {
    tenant: [account(namespace)],
    account: [account(PROBE), ['groups/system:masters']],
    team: [[`users/${PROBE}`], [`groups/${team}`], ['groups/system:authenticated']],
  }[sender];
  for (const words of wanted) {
    const { code } = await kubectl.attempt(['auth', 'can-i', 'impersonate', ...words]);
    if (code !== 0) return false;
  }
  return true;
}

async function send(
  kubectl: Kubectl,
  { policy, place, request }: Trial,
  sender: Sender,
): Promise<Verdict> {
  const where = ['-n', place.namespace, ...identityFlags(sender, place), DRY_RUN];
  const { code, error } =
    'create' in request
      ? await kubectl.attempt(['create', ...where, '-f', '-'], inputOf([request.create]))
      : await kubectl.attempt([...request.args, ...where]);
  return verdictFrom(policy.name, code, error);
}

/** What the answer of kubectl means. A refusal counts only if this policy refused. */
export function verdictFrom(policy: string, code: number, error: string): Verdict {
  if (code === 0) return 'accepted';
  return error.includes(`ValidatingAdmissionPolicy '${policy}' with binding`)
    ? 'refused'
    : { said: error.trim() };
}

function identityFlags(sender: Sender, { namespace, team }: ProbePlace): string[] {
  const account = (name: string): string => `--as=system:serviceaccount:${namespace}:${name}`;
  if (sender === 'tenant') return [account(namespace)];
  if (sender === 'account') return [account(PROBE), '--as-group=system:masters'];
  return [`--as=${PROBE}`, `--as-group=${team}`, '--as-group=system:authenticated'];
}

/** The findings of `trials`. Without the right to act as others, there is one for all of them. */
export function guardFindings(
  trials: readonly Pick<Trial, 'policy' | 'file' | 'place'>[],
  verdicts: ReadonlyMap<Pick<Trial, 'policy' | 'file' | 'place'>, Verdict>,
): Finding[] {
  const barred = trials.filter((one) => verdicts.get(one) === 'barred');
  const findings = trials.flatMap((one): Finding[] => {
    const { policy, file, place } = one;
    const verdict = verdicts.get(one) ?? 'refused';
    const what = `${PROBES[file]?.what} in ${place.namespace}`;
    if (verdict === 'refused' || verdict === 'barred') return [];
    if (verdict === 'accepted')
      return [about('policy-not-effective', policy, `the cluster accepts ${what}`)];
    return [
      about(
        'not-checked',
        policy,
        `another guard refuses ${what}, so nothing shows what the policy does: ${verdict.said}`,
      ),
    ];
  });
  const [first] = barred;
  if (first === undefined) return findings;
  const names = barred.map(({ policy }) => policy.name).join(', ');
  const message = `you have no right to act as an account of a tenant (verb impersonate), so nothing shows whether these policies refuse: ${names}`;
  return [...findings, about('not-checked', first.policy, message)];
}
