/** Makes the Secrets of an estate and hands them over: to the cluster, to a file, or to stdout. */
import type { Kubectl } from '../cluster/kubectl.ts';
import { hidePrivateKey } from '../publish/secrets.ts';
import {
  applySecrets,
  type LivePlace,
  readPlaces,
  removeCopies,
  removeStale,
  requestFetch,
  requirePlaces,
} from './cluster.ts';
import { type DeployKey, fingerprintOf, makeDeployKey } from './deploy-key.ts';
import { listDeployKeys } from './deploy-keys.ts';
import { replacedNotes } from './former.ts';
import { appFields, checkApp, checkFluxToken } from './github-checks.ts';
import { appGiven, tokenFor } from './input.ts';
import { register } from './rotate.ts';
import { changesBegin, type RunContext } from './run-context.ts';
import { deployKeyFields, EXPIRES, type Fields, nextFields, secretFor } from './secret.ts';
import type { Source } from './sources.ts';

/** What the run did for one repository, without any secret. */
export type Issued = {
  readonly repo: string;
  readonly credentials: Source['kind'];
  /** The fingerprint of the deploy key. */
  readonly fingerprint?: string;
  /** Whether this run registered the key on GitHub. */
  readonly registered?: boolean;
  readonly secrets: readonly { readonly namespace: string; readonly name: string }[];
  /** Whether the cluster had all of it already. */
  readonly changed: boolean;
};

/** New Secrets for `source`, which is not on a cluster that this run knows. */
export async function issueNew(
  source: Source,
  run: RunContext,
): Promise<{ issued: Issued; secrets: object[] }> {
  const isKey = source.kind === 'deploy-key';
  const key = isKey ? newKey(run) : undefined;
  const { fields, expires }: Handed = key
    ? { fields: deployKeyFields(key, await run.hosts(source)) }
    : await givenFields(source, run);
  const secrets = source.places.map((place) => secretFor(place, fields, { expires }));
  const registered = key !== undefined && (await offer(source, key, run));
  const about = key && { fingerprint: fingerprintOf(key.publicKey), registered };
  return { issued: { ...summary(source), ...about, changed: true }, secrets };
}

function newKey({ title }: RunContext): DeployKey {
  const key = makeDeployKey(title);
  hidePrivateKey(key.identity);
  return key;
}

const summary = ({ repo, kind, places }: Source) => ({
  repo,
  credentials: kind,
  secrets: places.map(({ namespace, secret: name }) => ({ namespace, name })),
});

/** What Flux gets: the fields of its Secret, and when they end if that is known. */
type Handed = { readonly fields: Fields; readonly expires?: string | undefined };

/** The fields for a token or a GitHub App, after GitHub said that it reads the repository. */
async function givenFields(
  source: Source,
  { prepared, control, say }: RunContext,
): Promise<Handed> {
  if (source.kind === 'token') {
    const token = await tokenFor(source, prepared);
    const { warning, expires } = await checkFluxToken(source, token, control);
    if (warning) say(`! ${warning}`);
    return { fields: { username: 'git', password: token.value }, expires };
  }
  const app = appGiven(prepared);
  const { installationId, warning } = await checkApp(source, app, control);
  if (warning) say(`! ${warning}`);
  return { fields: appFields(app, installationId, source.githubUrl) };
}

/** Registers the public half, or tells the user where to add it. Returns whether it was registered. */
async function offer(source: Source, key: DeployKey, run: RunContext): Promise<boolean> {
  const { prepared, say, title } = run;
  const { repo, owner, web } = source;
  if (!prepared.given.switches.registerKeys) {
    say(
      `${owner}/${repo}: add this deploy key at ${web}/settings/keys/new, without write access. Title: ${title}\n` +
        `  ${key.publicKey}`,
    );
    return false;
  }
  const home = await run.home(source);
  const others = (await listDeployKeys(home, repo)).filter((one) => one.title === title);
  changesBegin();
  const registered = await register(home, source, key, run);
  if (others.length > 0 && registered)
    say(
      `! ${owner}/${repo} already had ${others.length === 1 ? 'a deploy key' : `${others.length} deploy keys`} of this estate. ` +
        'To remove the keys that no Secret of the cluster has: flux-gitops credentials --prune --live',
    );
  return registered;
}

/** Brings the cluster to what `source` needs. A key that the cluster has stays. */
export async function issueLive(
  source: Source,
  kubectl: Kubectl,
  run: RunContext,
): Promise<Issued> {
  const live = await readPlaces(kubectl, source);
  requirePlaces(source, live);
  if (source.kind !== 'deploy-key') {
    const handed = await givenFields(source, run);
    changesBegin();
    const changed = await bring(live, handed, kubectl);
    await removeCopies(kubectl, live);
    sayReplaced(source, live, handed.fields, run);
    await fetchSoon(source, changed, kubectl);
    return { ...summary(source), changed };
  }
  const hosts = await run.hosts(source);
  const kept = await keptKey(live, source, run);
  const key = kept ?? newKey(run);
  const fields = deployKeyFields(key, hosts);
  changesBegin();
  // A new key is on the cluster first, so that a kill cannot lose the private half of a registered key. A kept key may
  // replace another one, so GitHub must know it first.
  const before = kept ? false : await bring(live, { fields }, kubectl);
  const unknown = kept === undefined || run.prepared.given.switches.registerKeys;
  const registered = unknown ? await offer(source, key, run) : false;
  const changed = before || (await bring(live, { fields }, kubectl));
  await removeCopies(kubectl, live);
  sayReplaced(source, live, fields, run);
  await fetchSoon(source, changed || registered, kubectl);
  const fingerprint = fingerprintOf(key.publicKey);
  return { ...summary(source), fingerprint, registered, changed: changed || registered };
}

function sayReplaced(
  source: Source,
  live: readonly LivePlace[],
  fields: Fields,
  { say }: RunContext,
): void {
  for (const note of replacedNotes(source, live, fields)) say(`! ${note}`);
}

/** The key that the cluster has: where places differ, one that GitHub knows. */
async function keptKey(
  live: readonly LivePlace[],
  source: Source,
  run: RunContext,
): Promise<DeployKey | undefined> {
  const keys = live.flatMap(({ held }) => held?.key ?? []);
  const differ = new Set(keys.map(({ publicKey }) => fingerprintOf(publicKey))).size > 1;
  if (!differ || !run.prepared.given.switches.registerKeys) return keys[0];
  const known = await listDeployKeys(await run.home(source), source.repo);
  const isKnown = ({ publicKey }: DeployKey): boolean =>
    known.some(({ fingerprint }) => fingerprint === fingerprintOf(publicKey));
  return keys.find(isKnown) ?? keys[0];
}

/** Writes the Secrets that differ from what Flux gets. Returns whether there were any. */
async function bring(
  live: readonly LivePlace[],
  { fields, expires }: Handed,
  kubectl: Kubectl,
): Promise<boolean> {
  const other = live.filter(
    ({ held }) =>
      Object.entries(fields).some(([name, text]) => held?.fields[name] !== text) ||
      held?.found.metadata.annotations?.[EXPIRES] !== expires,
  );
  const secrets = other.map(({ place, held }) => {
    // An unfinished rotation keeps its notes.
    const kept = held?.next ? nextFields(held.next) : {};
    return secretFor(place, { ...fields, ...kept }, { ...held, expires });
  });
  await applySecrets(kubectl, secrets);
  const removed = await removeStale(kubectl, live, fields);
  return secrets.length > 0 || removed;
}

/** Asks Flux to fetch with the new Secret now, and not after the interval. */
async function fetchSoon({ places }: Source, changed: boolean, kubectl: Kubectl): Promise<void> {
  if (!changed) return;
  const stamp = new Date().toISOString();
  for (const place of places) await requestFetch(kubectl, place, stamp);
}
