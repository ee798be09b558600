/** Whether the cluster has what the files of the config repo say. */
import type { Kubectl, KubernetesObject } from '../../cluster/kubectl.ts';
import {
  about,
  at,
  type Estate,
  type Finding,
  isObject,
  type Json,
  type Manifest,
  objectName,
} from '../model.ts';
import { comparable, differences, differencesText } from './compare.ts';
import { type Answer, identity, identityOf, NO_RIGHT, readObjects, tryFiles } from './objects.ts';

/** The manifests that must be on the cluster. */
export function expected({ config, tenants }: Estate): Manifest[] {
  const leaving = new Set(
    tenants.flatMap(({ environment, namespace }) => (environment.leaving ? [namespace] : [])),
  );
  // What Flux does to an environment that is leaving, the files do not say.
  return config.filter(
    ({ kind, name, namespace }) => !leaving.has(kind === 'Namespace' ? name : (namespace ?? '')),
  );
}

/** The objects of the estate on the cluster, as far as they are there. */
export type Applied = {
  readonly live: ReadonlyMap<Manifest, Answer>;
  readonly findings: readonly Finding[];
};

/** Compares `manifests` with the cluster of `kubectl`; `known` are objects that a run has read already. */
export async function compareApplied(
  kubectl: Kubectl,
  manifests: readonly Manifest[],
  known: readonly KubernetesObject[],
): Promise<Applied> {
  const read = new Map(known.map((one) => [identityOf(one), one]));
  const live = new Map<Manifest, Answer>();
  for (const one of manifests) {
    const object = read.get(identity(one));
    // In another API version, the same object has other fields.
    if (object?.apiVersion === one.apiVersion) live.set(one, { object });
  }
  const others = manifests.filter((one) => !live.has(one));
  for (const [one, answer] of await readObjects(kubectl, others)) live.set(one, answer);
  const present = manifests.filter((one) => isFound(live.get(one)) && !isEncrypted(one));
  const tried = await tryFiles(kubectl, present);
  return { live, findings: appliedFindings(manifests, live, tried) };
}

const isFound = (answer: Answer | undefined): boolean => isObject(answer) && 'object' in answer;

/** Whether SOPS encrypted the manifest: the cluster cannot say what is in it. */
const isEncrypted = ({ value }: Manifest): boolean => at(value, 'sops', 'mac') !== undefined;

/** The findings of a comparison: `live` is what the cluster has, `tried` what it would have with the files. */
export function appliedFindings(
  manifests: readonly Manifest[],
  live: ReadonlyMap<Manifest, Answer>,
  tried: ReadonlyMap<Manifest, Answer>,
): Finding[] {
  const gone = new Set(
    manifests
      .filter((one) => one.kind === 'Namespace' && live.get(one) === 'missing')
      .map(({ name }) => name),
  );
  const findings: Finding[] = [];
  const denied = new Map<string, Manifest[]>();
  for (const one of manifests) {
    const [now, then] = [live.get(one), tried.get(one)];
    if (now === undefined || gone.has(one.namespace ?? '')) continue;
    if (now === 'missing') findings.push(...missing(one));
    else if ('said' in now) note(denied, now.said, one);
    else if (isObject(then) && 'said' in then) {
      if (NO_RIGHT.test(then.said)) note(denied, then.said, one);
      else findings.push(about('live-refused', one, then.said));
    } else if (isObject(then) && 'object' in then)
      findings.push(...differing(one, now.object as Json, then.object as Json));
  }
  return [...findings, ...deniedFindings(denied)];
}

/** An object that is not there. The files in network/ are for some clusters only. */
function missing(manifest: Manifest): Finding[] {
  if (manifest.path.startsWith('network/')) return [];
  const isPolicy = manifest.kind.startsWith('ValidatingAdmissionPolicy');
  const code = isPolicy ? 'policy-missing' : 'live-missing';
  return [about(code, manifest, `the cluster has no ${objectName(manifest)}`)];
}

function differing(manifest: Manifest, live: Json, tried: Json): Finding[] {
  const { value, kind } = manifest;
  const found = differences(comparable(live, value), comparable(tried, value));
  const [first] = found;
  if (first === undefined) return [];
  return [about('live-differs', manifest, differencesText(found, kind), first.path)];
}

/** Collects what the user may not ask: one entry for each sentence without the names in it. */
function note(denied: Map<string, Manifest[]>, said: string, manifest: Manifest): void {
  const { verb = '', resource = '' } = NO_RIGHT.exec(said)?.groups ?? {};
  const key = `${verb} ${resource}`;
  denied.set(key, [...(denied.get(key) ?? []), manifest]);
}

function deniedFindings(denied: ReadonlyMap<string, readonly Manifest[]>): Finding[] {
  return [...denied].flatMap(([right, [first, ...others]]) => {
    if (first === undefined) return [];
    const more = others.length > 0 ? ` and ${others.length} more` : '';
    const message = `you have no right to ${right}, so ${objectName(first)}${more} is not compared`;
    return [about('not-checked', first, message)];
  });
}
