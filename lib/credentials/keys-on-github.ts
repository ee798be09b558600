/** The deploy keys of an estate as a list, and the removal of those that nobody needs. */
import type { Kubectl } from '../cluster/kubectl.ts';
import type { Outcome } from '../prepared.ts';
import { PublishError } from '../publish/refusals.ts';
import { readPlaces } from './cluster.ts';
import { listDeployKeys, type RegisteredKey, removeDeployKey } from './deploy-keys.ts';
import { fingerprintsInFiles } from './encrypted-files.ts';
import { changesBegin, type RunContext } from './run-context.ts';
import { heldFingerprint } from './secret.ts';
import type { KeyedSource, Source } from './sources.ts';

/** One deploy key of a repository, and who has it. */
type ListedKey = {
  /** Undefined if GitHub does not have it. */
  readonly id?: number;
  readonly title?: string;
  readonly fingerprint: string;
  readonly createdAt?: string;
  readonly lastUsed?: string | undefined;
  readonly readOnly?: boolean;
  /** Whether its title is that of this estate. */
  readonly ours: boolean;
  /** The namespaces whose Secrets have it, and the encrypted files in the config repo; undefined without a cluster. */
  readonly usedBy: readonly string[] | undefined;
};

type ListedRepo = { readonly repo: string; readonly keys: readonly ListedKey[] };

/** The deploy keys of `sources` on GitHub and, with `kubectl`, in the Secrets of the cluster. */
export async function listKeys(
  sources: readonly KeyedSource[],
  kubectl: Kubectl | undefined,
  run: RunContext,
): Promise<Outcome> {
  const repositories: ListedRepo[] = [];
  let now = 0;
  for (const source of sources) {
    const home = await run.home(source);
    const keys = await ifShown(source, run, () => keysOf(source, kubectl, run));
    now = home.github.now();
    if (keys === undefined) continue;
    repositories.push({ repo: `${home.owner}/${source.repo}`, keys });
  }
  const text = repositories.flatMap((one) => repoLines(one, now)).join('\n');
  return { text, json: { repositories }, exitCode: 0 };
}

/**
 * The answer of GitHub about the deploy keys of `source`; undefined if it does not show them, and the estate needs none of
 * them: the repository may not be on GitHub, or the token may not see its keys. Throws where the user named it.
 */
async function ifShown<Answer>(
  { repo, owner, places, neededBy }: KeyedSource,
  { prepared, say }: RunContext,
  look: () => Promise<Answer>,
): Promise<Answer | undefined> {
  const { positionals } = prepared.given;
  const isNamed = places.some(({ environment }) => positionals.includes(environment ?? repo));
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof PublishError) || isNamed || neededBy.length > 0) throw error;
    say(`! ${owner}/${repo}: its deploy keys were not looked at. ${error.message.split('\n')[0]}`);
    return undefined;
  }
}

async function keysOf(
  source: Source,
  kubectl: Kubectl | undefined,
  run: RunContext,
): Promise<ListedKey[]> {
  const known = await listDeployKeys(await run.home(source), source.repo);
  const holders = kubectl && (await holdersOf(source, kubectl, run));
  const listed = known.map(
    (key): ListedKey => ({
      ...key,
      ours: key.title === run.title,
      usedBy: holders && (holders.get(key.fingerprint) ?? []),
    }),
  );
  const lost = [...(holders ?? [])].filter(
    ([fingerprint]) => !known.some((key) => key.fingerprint === fingerprint),
  );
  return [...listed, ...lost.map(([fingerprint, usedBy]) => ({ fingerprint, ours: true, usedBy }))];
}

/**
 * The namespaces that have each key, by its fingerprint. A key of an unfinished rotation counts, and so does one that Flux
 * has not decrypted yet.
 */
async function holdersOf(
  source: Source,
  kubectl: Kubectl,
  { folder }: RunContext,
): Promise<Map<string, string[]>> {
  const holders = fingerprintsInFiles(source, folder);
  for (const { place, held } of await readPlaces(kubectl, source)) {
    const next = held?.next && heldFingerprint({ ...held, key: held.next });
    for (const fingerprint of new Set([heldFingerprint(held), next]))
      if (fingerprint !== undefined)
        holders.set(fingerprint, [...(holders.get(fingerprint) ?? []), place.namespace]);
  }
  return holders;
}

const DAY = 86_400_000;

function repoLines({ repo, keys }: ListedRepo, now: number): string[] {
  if (keys.length === 0) return [`${repo}: no deploy keys`];
  return [repo, ...keys.map((key) => `  ${key.fingerprint}  ${keyText(key, now)}`)];
}

function keyText(key: ListedKey, now: number): string {
  const { title, createdAt, lastUsed, readOnly, ours, usedBy } = key;
  const holders = usedBy?.length ? `in ${usedBy.join(', ')}` : undefined;
  if (createdAt === undefined) return `${holders}; GitHub does not have this key`;
  const age = Math.max(0, Math.floor((now - Date.parse(createdAt)) / DAY));
  return [
    ours ? undefined : `title ${JSON.stringify(title)}`,
    `${age} ${age === 1 ? 'day' : 'days'} old`,
    lastUsed === undefined ? 'no use known' : `last used ${lastUsed.slice(0, 10)}`,
    readOnly ? 'read-only' : 'CAN WRITE',
    usedBy && (holders ?? 'no Secret of this cluster has it'),
  ]
    .filter((part) => part !== undefined)
    .join('; ');
}

/** What a removal did. */
type Removed = {
  readonly repo: string;
  readonly removed: readonly string[];
  /** The environments that still need the key, so that it stays. */
  readonly neededBy?: readonly string[];
};

/** Removes the keys of this estate that no Secret of the cluster has. */
export async function pruneKeys(
  sources: readonly KeyedSource[],
  kubectl: Kubectl,
  run: RunContext,
): Promise<Outcome> {
  const repositories: Removed[] = [];
  for (const source of sources) {
    const keys = await ifShown(source, run, () => keysOf(source, kubectl, run));
    if (keys === undefined) continue;
    const ours = keys.filter(({ id, ours }) => ours && id !== undefined);
    const unused = ours.filter(({ usedBy }) => usedBy?.length === 0);
    repositories.push(await removeKeys(source, unused, run));
    if (source.neededBy.length === 0) sayKept(source, ours, run);
  }
  return removalOutcome(repositories);
}

/** A key that Flux does not need any more can still be in a Secret. */
function sayKept({ repo, owner, places }: Source, keys: readonly ListedKey[], run: RunContext) {
  const words = places.map(({ environment }) => environment ?? repo);
  for (const { fingerprint, usedBy = [] } of keys)
    if (usedBy.length > 0)
      run.say(
        `! ${owner}/${repo} keeps ${fingerprint}: Flux reads in another way now, but ${usedBy.join(' and ')} still has this key. To remove it: flux-gitops credentials ${words.join(' ')} --revoke`,
      );
}

/**
 * Removes the keys of `sources` from GitHub, except where an environment that is not in `words` needs the repository.
 * `words` name environments, or the config repo.
 */
export async function revokeKeys(
  sources: readonly KeyedSource[],
  words: readonly string[],
  run: RunContext,
): Promise<Outcome> {
  const repositories: Removed[] = [];
  for (const source of sources) {
    const { repo, owner } = source;
    const neededBy = source.neededBy.filter((name) => !words.includes(name));
    if (neededBy.length > 0) {
      run.say(`= ${owner}/${repo}: the key stays, because ${neededBy.join(' and ')} needs it`);
      repositories.push({ repo: `${owner}/${repo}`, removed: [], neededBy });
      continue;
    }
    const keys = await listDeployKeys(await run.home(source), repo);
    const ours = keys.filter(({ title }) => title === run.title);
    repositories.push(await removeKeys(source, ours, run));
  }
  return removalOutcome(repositories);
}

async function removeKeys(
  source: Source,
  keys: readonly Pick<RegisteredKey | ListedKey, 'id' | 'fingerprint'>[],
  run: RunContext,
): Promise<Removed> {
  const home = await run.home(source);
  const repo = `${home.owner}/${source.repo}`;
  const removed: string[] = [];
  changesBegin();
  for (const { id, fingerprint } of keys) {
    if (id === undefined) continue;
    await removeDeployKey(home, source.repo, id);
    run.say(`- removed ${fingerprint} from ${repo}`);
    removed.push(fingerprint);
  }
  if (removed.length === 0) run.say(`= ${repo}: there was no key to remove`);
  return { repo, removed };
}

const removalOutcome = (repositories: readonly Removed[]): Outcome => ({
  text: '',
  json: { repositories },
  exitCode: 0,
});
