/**
 * Replaces a deploy key so that every source can read at every moment. All state is in the Secrets and on GitHub, so a
 * run that was killed continues when it runs again.
 */
import type { Kubectl } from '../cluster/kubectl.ts';
import { hidePrivateKey } from '../publish/secrets.ts';
import type { Home } from '../publish/sign-in.ts';
import {
  applySecrets,
  awaitFetch,
  type LivePlace,
  readPlaces,
  removeCopies,
  requestFetch,
  requirePlaces,
} from './cluster.ts';
import { type DeployKey, fingerprintOf, makeDeployKey } from './deploy-key.ts';
import { listDeployKeys, registerDeployKey, removeDeployKey } from './deploy-keys.ts';
import type { RunContext } from './run-context.ts';
import { deployKeyFields, heldFingerprint, nextFields, secretFor } from './secret.ts';
import type { Place, Source } from './sources.ts';

/** What a rotation did. */
export type Rotated = {
  readonly fingerprint: string;
  /** The fingerprints of the keys that are no longer on GitHub. */
  readonly removed: readonly string[];
};

/** Rotates the key of `source`, or finishes a rotation that was interrupted. */
export async function rotate(source: Source, kubectl: Kubectl, run: RunContext): Promise<Rotated> {
  const home = await run.home(source);
  const knownHosts = await run.hosts(source);
  const live = await readPlaces(kubectl, source);
  requirePlaces(source, live);
  const next = await keepNextKey(live, kubectl, run);
  await register(home, source, next, run);
  await handOver(await readPlaces(kubectl, source), next, knownHosts, kubectl);
  run.say(`  ${source.repo}: waiting until Flux has read with the new key`);
  await awaitAll(source.places, kubectl, run);
  const after = await readPlaces(kubectl, source);
  await removeCopies(kubectl, after);
  const removed = await removeReplaced(home, source, after, run);
  await forgetReplaced(await readPlaces(kubectl, source), kubectl);
  return { fingerprint: fingerprintOf(next.publicKey), removed };
}

/**
 * The new key. It is on the cluster before GitHub knows it, so that no kill can lose the private half of a registered key.
 */
async function keepNextKey(
  live: readonly LivePlace[],
  kubectl: Kubectl,
  { title }: RunContext,
): Promise<DeployKey> {
  const pending = live.find(({ held }) => held?.next)?.held?.next;
  if (pending) return pending;
  // Every place has the new key, and the old one is not yet gone from GitHub: only the rest is left.
  const current = live[0]?.held?.key;
  const isHandedOver = live.some(({ held }) => (held?.replaced.length ?? 0) > 0);
  const isSame = live.every(({ held }) => heldFingerprint(held) === heldFingerprint(live[0]?.held));
  if (current && isHandedOver && isSame) return current;
  const made = makeDeployKey(title);
  hidePrivateKey(made.identity);
  const [first] = live;
  if (first === undefined) throw new Error('a source without a place');
  const { place, held } = first;
  const { found, replaced = [] } = held ?? {};
  const fields = { ...held?.fields, ...nextFields(made) };
  await applySecrets(kubectl, [secretFor(place, fields, { found, replaced })]);
  return made;
}

/** Registers `key` for `source` unless GitHub has it. */
export async function register(
  home: Home,
  { repo }: Source,
  { publicKey }: DeployKey,
  { title, control, say }: RunContext,
): Promise<boolean> {
  const known = await listDeployKeys(home, repo);
  if (known.some(({ fingerprint }) => fingerprint === fingerprintOf(publicKey))) return false;
  await registerDeployKey(home, repo, title, publicKey, control);
  say(`+ registered ${fingerprintOf(publicKey)} for ${home.owner}/${repo}, read-only`);
  return true;
}

/** Gives every place the key `next`. The first place is the last one, because it keeps the key until then. */
async function handOver(
  live: readonly LivePlace[],
  next: DeployKey,
  knownHosts: string,
  kubectl: Kubectl,
): Promise<void> {
  const [first, ...others] = live;
  const fields = deployKeyFields(next, knownHosts);
  for (const { place, held } of [...others, ...(first ? [first] : [])]) {
    const before = heldFingerprint(held);
    const isOther = before !== undefined && before !== fingerprintOf(next.publicKey);
    const replaced = [...new Set([...(held?.replaced ?? []), ...(isOther ? [before] : [])])];
    await applySecrets(kubectl, [secretFor(place, fields, { found: held?.found, replaced })]);
  }
}

async function awaitAll(
  places: readonly Place[],
  kubectl: Kubectl,
  { control, say }: RunContext,
): Promise<void> {
  const stamp = new Date().toISOString();
  const asked: Place[] = [];
  for (const place of places) {
    if (await requestFetch(kubectl, place, stamp)) asked.push(place);
    else say(`! ${place.namespace}: there is no source ${place.source}, or it is suspended`);
  }
  for (const place of asked) await awaitFetch(kubectl, place, stamp, control);
}

/** Takes the replaced keys from GitHub. Those with another title belong to somebody else. */
async function removeReplaced(
  home: Home,
  { repo }: Source,
  live: readonly LivePlace[],
  { title, say }: RunContext,
): Promise<string[]> {
  const current = new Set(live.map(({ held }) => heldFingerprint(held)));
  const replaced = new Set(live.flatMap(({ held }) => held?.replaced ?? []));
  const removed: string[] = [];
  for (const key of await listDeployKeys(home, repo)) {
    const { id, fingerprint } = key;
    if (!replaced.has(fingerprint) || current.has(fingerprint)) continue;
    if (key.title !== title) {
      say(
        `! ${home.owner}/${repo}: the old key ${fingerprint} has the title ${JSON.stringify(key.title)}, so it stays on GitHub. ` +
          `Remove it yourself if nobody else needs it: ${home.github.host.web}/${home.owner}/${repo}/settings/keys`,
      );
      continue;
    }
    await removeDeployKey(home, repo, id);
    say(`- removed ${fingerprint} from ${home.owner}/${repo}`);
    removed.push(fingerprint);
  }
  return removed;
}

/** Removes the notes of the rotation from the Secrets. */
async function forgetReplaced(live: readonly LivePlace[], kubectl: Kubectl): Promise<void> {
  const noted = live.filter(({ held }) => (held?.replaced.length ?? 0) > 0);
  const secrets = noted.map(({ place, held }) =>
    secretFor(place, held?.fields ?? {}, { found: held?.found }),
  );
  await applySecrets(kubectl, secrets);
}
