import {
  type Environment,
  mergeEnvironments,
  namespaceOf,
  repositoryUrl,
  secretNameOf,
  sourceUrl,
} from './plan/estate.ts';
import { GENERATOR } from './plan/generator.ts';
import type { Plan, RepoPlan } from './plan/plan.ts';
import { decrypts } from './plan/record.ts';
import {
  configKeySecretLines,
  configPullSecretLines,
  keySecretLines,
  pullSecretLines,
} from './plan/values/artifact-secrets.ts';
import {
  artifactOf,
  configArtifactOf,
  followsArtifact,
  gitCredentialsOf,
  isKeySigned,
  isOci,
} from './plan/values/oci.ts';
import {
  appPage,
  hostKeysAt,
  type Reader,
  secretCommands,
  tokenPage,
} from './plan/values/secret-commands.ts';
import { shellCommand } from './render/quoting.ts';
import { listed } from './render/wrap.ts';
import type { Credentials, SharedSettings } from './settings/settings.ts';
import { applyEach, kubectlIn, LISTED, type Step, stepFor } from './step.ts';

/** The config repo of a plan, and its folder as a user would type it. */
type Config = { readonly repo: RepoPlan; readonly folder: string };

/** What the layer `install` of a config repo says about its own source. */
type Install = {
  readonly credentials: Credentials;
  readonly configSource: string;
  readonly syncConfig: boolean;
  readonly decrypts: boolean;
  readonly shared: SharedSettings;
  /** Whether the cluster follows an artifact of it. */
  readonly isOci: boolean;
  readonly isPrivate: boolean;
  readonly isKeyless: boolean;
};

const installOf = (repo: RepoPlan): Partial<Install> =>
  (repo.layers.find(({ from }) => from === 'install')?.values ?? {}) as Partial<Install>;

/** The Secrets for a config repo that the cluster follows. Flux needs them before it starts. */
export function configSecretSteps(config: Config, registers: boolean): Step[] {
  const { found } = config.repo;
  const isNew = installOf(config.repo).decrypts && !(found && decrypts(found));
  return [
    ...configSecret(config, registers),
    ...configArtifactSecrets(config),
    ...(isNew ? [AGE_KEY] : []),
  ];
}

const AGE_KEY: Step = {
  text: 'Give Flux the age key. AGE_KEY_FILE is the file that age-keygen wrote:',
  commands: [
    `${kubectlIn('flux-system', 'create', 'secret', 'generic', 'sops-age')} --from-file age.agekey="$AGE_KEY_FILE"`,
  ],
};

/** The Secrets with which Flux pulls and verifies the artifact of the config repo. */
function configArtifactSecrets({ repo }: Config): Step[] {
  const { isOci: isArtifact, isPrivate, isKeyless, shared, configSource } = installOf(repo);
  const { name, found } = repo;
  if (!isArtifact || shared === undefined) return [];
  const same =
    found !== undefined &&
    followsArtifact(found) &&
    configArtifactOf(found) === configSource &&
    found.shared.signature === shared.signature &&
    (found.estate.visibility === 'private') === isPrivate;
  if (same) return [];
  return [
    ...stepFor(
      'Give Flux a user and a token for the artifact of the config repo:',
      isPrivate ? configPullSecretLines({ name, shared }) : [],
    ),
    ...stepFor(
      'Give Flux the public half of your key, cosign.pub, for the config repo:',
      isKeyless ? [] : configKeySecretLines(name),
    ),
  ];
}

function configSecret({ repo, folder }: Config, registers: boolean): Step[] {
  const { credentials = 'none', configSource, syncConfig, shared } = installOf(repo);
  if (!syncConfig || shared === undefined || credentials === 'none') return [];
  const { found } = repo;
  const followed = found?.estate.syncConfig === 'yes' && found.shared.credentials === credentials;
  if (followed && sourceUrl(found.shared, repo.name) === configSource) return [];
  const reader = { word: repo.name, repo: repo.name, settings: shared };
  return [giving('the config repo', [reader], folder, registers)];
}

/**
 * The Secrets with which Flux reads the private app repos of `plan` and their artifacts: for each environment that is new
 * or that Flux now reads in another way. A Secret needs its namespace, so the namespaces come first.
 */
export function secretSteps(plan: Plan, { repo, folder }: Config, registers: boolean): Step[] {
  const { found } = repo;
  const before = new Map(found?.environments.map((one) => [one.name, one]));
  const changed = plan.environments.filter((one) => {
    const old = before.get(one.name);
    return (
      old === undefined ||
      sourceOf(old, found?.estate.visibility) !== sourceOf(one, plan.visibility)
    );
  });
  const needy = changed.filter((one) => gitCredentialsOf(one) !== 'none');
  const isPrivate = plan.visibility === 'private';
  const own = isPrivate && changed.some((one) => !isOci(one) && one.credentials === 'none');
  const encrypts = installOf(repo).decrypts === true;
  const readers = needy.map((one) => ({ word: one.name, repo: one.repo, settings: one }));
  const git =
    needy.length === 0 ? [] : [giving('the app repos', readers, folder, registers, encrypts)];
  const artifacts = artifactSecrets(changed, isPrivate);
  const named = changed.filter(
    (one) => (!encrypts && needy.includes(one)) || isKeySigned(one) || (isPrivate && isOci(one)),
  );
  const namespaces = plan.syncConfig
    ? stepFor('Wait until Flux has made the namespaces:', waits(named))
    : stepFor(
        'Create the namespaces:',
        applyEach(
          folder,
          named.map(({ name }) => name),
          '1_tenant.yaml',
        ),
      );
  return [
    ...(encrypts ? git : []),
    ...(named.length === 0 ? [] : namespaces),
    ...(encrypts ? [] : git),
    ...artifacts,
    ...(own ? [BY_HAND] : []),
  ];
}

const README = 'Section 2 of the README of the config repo has the commands';

/** The Secrets with which Flux pulls and verifies the artifacts of `changed`. */
function artifactSecrets(changed: readonly Environment[], isPrivate: boolean): Step[] {
  const pulled = isPrivate ? changed.filter(isOci) : [];
  const verified = changed.filter(isKeySigned);
  const step = (text: string, lines: readonly string[], count: number): Step[] =>
    count > LISTED ? [{ text: `${text}. ${README}.`, commands: [] }] : stepFor(`${text}:`, lines);
  return [
    ...step(
      'Give Flux a user and a token for the artifacts of each app repo. A tenant can read its Secret, so the token must open nothing else',
      pullSecretLines(pulled),
      pulled.length,
    ),
    ...step(
      'Give Flux the public half of your key, cosign.pub',
      keySecretLines(verified),
      verified.length,
    ),
  ];
}

/**
 * The credentials with which Flux reads no more: another kind of credentials, another owner, public repositories,
 * artifacts, or no environment. GitHub keeps them until somebody removes them. With --publish, the run itself removes the
 * deploy keys of app repos that feed nothing.
 */
export function keySteps(plan: Plan, published: boolean, folder: string): Step[] {
  const config = plan.repos.find(({ role }) => role === 'config');
  if (config?.found === undefined) return [];
  const now = after(plan, config);
  const left = (kind: Credentials): Left[] => {
    const needed = new Set(holdersOf(now, kind).map(({ url }) => url.toLowerCase()));
    return holdersOf(before(config), kind).filter(({ url }) => !needed.has(url.toLowerCase()));
  };
  const unfed = plan.repos.filter(({ feeds }) => feeds?.length === 0);
  const removed = new Set(published ? unfed.map(({ url }) => url.toLowerCase()) : []);
  const keys = left('deploy-key').filter(({ url }) => !removed.has(url.toLowerCase()));
  return [
    ...(keys.length > 0 ? [deployKeyStep(keys, now, folder)] : []),
    ...tokenSteps(left('token')),
    ...appSteps(left('github-app')),
  ];
}

function deployKeyStep(left: readonly Left[], after: readonly Read[], folder: string): Step {
  const pages = left.map(({ url }) => `${url}/settings/keys`).join(', ');
  // The command knows the addresses of the estate as it is now.
  const now = new Set(after.map(({ url }) => url.toLowerCase()));
  const words = left.flatMap(({ url, names }) => (now.has(url.toLowerCase()) ? names : []));
  const into = folder === '.' ? [] : [`--into=${folder}`];
  const revoke = ['flux-gitops', 'credentials', ...words, '--revoke', ...into];
  return {
    text: `Delete the deploy keys that Flux no longer needs, when Flux reads without them: ${pages}`,
    commands: words.length === 0 ? [] : [shellCommand(revoke)],
  };
}

/** Only the person who made a token sees it on GitHub, so no command can revoke it. */
function tokenSteps(left: readonly Left[]): Step[] {
  if (left.length === 0) return [];
  const pages = [...new Set(left.map(({ url }) => tokenPage(url)))].join(', ');
  return [
    {
      text: `Revoke the tokens for ${namesIn(left)}, when Flux reads without them. The person who made them finds them here: ${pages}`,
      commands: [],
    },
  ];
}

function appSteps(left: readonly Left[]): Step[] {
  if (left.length === 0) return [];
  const pages = left.map(({ url }) => appPage(url)).join(', ');
  return [
    {
      text: `Take ${namesIn(left)} from the GitHub App, when Flux reads without it: ${pages}. Delete the App with its private keys if nothing else uses it`,
      commands: [],
    },
  ];
}

const namesIn = (left: readonly Left[]): string =>
  listed(left.map(({ url }) => url.split('/').slice(-2).join('/')));

/** What a repository is called in the estate, and by whom Flux reads it in which way. */
type Read = { readonly name: string; readonly url: string; readonly kind: Credentials };

/** A repository, and the names of those who read it in one way. */
type Left = { readonly url: string; readonly names: readonly string[] };

const readBy = (one: Environment): Read => ({
  name: one.name,
  url: repositoryUrl(one, one.repo),
  kind: gitCredentialsOf(one),
});

/** What Flux read before the run. */
function before({ found }: RepoPlan): Read[] {
  if (found === undefined) return [];
  const { name, shared, estate, environments } = found;
  const kind = estate.syncConfig === 'yes' ? gitCredentialsOf(shared) : 'none';
  return [...environments.map(readBy), { name, url: repositoryUrl(shared, name), kind }];
}

/** What Flux reads after the run. */
function after({ environments, departures = [] }: Plan, config: RepoPlan): Read[] {
  const gone = departures.filter(({ state }) => state !== 'leaving').map(({ name }) => name);
  const { credentials = 'none', syncConfig } = installOf(config);
  const kind = syncConfig === true ? credentials : 'none';
  const all = mergeEnvironments(config.found?.environments ?? [], environments);
  return [
    ...all.filter(({ name }) => !gone.includes(name)).map(readBy),
    { name: config.name, url: config.url, kind },
  ];
}

/** The repositories of `reads` that Flux reads with credentials of `kind`. */
function holdersOf(reads: readonly Read[], kind: Credentials): Left[] {
  const held = Map.groupBy(
    reads.filter((one) => one.kind === kind),
    ({ url }) => url.toLowerCase(),
  );
  return [...held.values()].map((holders) => ({
    url: holders[0]?.url ?? '',
    names: holders.map(({ name }) => name),
  }));
}

/** Everything that decides which Secret Flux reads, and what has to be in it. */
const sourceOf = (one: Environment, visibility = 'public'): string =>
  [
    ...[namespaceOf(one), secretNameOf(one), gitCredentialsOf(one)],
    ...(isOci(one) ? [artifactOf(one), one.signature] : [sourceUrl(one, one.repo)]),
    visibility,
  ].join(' ');

function waits(environments: readonly Environment[]): string[] {
  const namespaces = environments.slice(0, LISTED).map((one) => `namespace/${namespaceOf(one)}`);
  return [shellCommand(['kubectl', 'wait', '--for=create', '--timeout=5m', ...namespaces])];
}

const GIFTS: { readonly [kind in Credentials]: string } = {
  'deploy-key': 'read-only deploy keys',
  token: 'tokens',
  'github-app': 'the key of a GitHub App',
  none: 'your own credentials',
};

/**
 * The step that gives Flux what `readers` need. `registers` says whether deploy keys go to GitHub at once; `encrypted`,
 * whether the Secrets go into the config repo.
 */
function giving(
  what: string,
  readers: readonly Reader[],
  folder: string,
  registers: boolean,
  encrypted = false,
): Step {
  const into = folder === '.' ? [] : [`--into=${folder}`];
  const sops = encrypted ? ['--sops'] : [];
  const commands = secretCommands(readers, registers);
  const lines = commands.map(({ words, flags }) =>
    shellCommand(['flux-gitops', 'credentials', ...words, ...sops, ...into, ...flags]),
  );
  const gifts = [...new Set(commands.map(({ kind }) => GIFTS[kind]))].join(' and ');
  const hasKeys = commands.some(({ kind }) => kind === 'deploy-key');
  const notes = [
    ...(hasKeys && !registers
      ? ['Without --publish, the command prints each key and the page that takes it']
      : []),
    ...(commands.some(({ kind }) => kind === 'github-app')
      ? ['Give each tenant an App of its own']
      : []),
    ...hostKeyNotes(readers),
    ...(encrypted ? ['The command says what to commit then'] : []),
  ];
  const text = [`Give Flux ${gifts} for ${what}`, ...notes].join('. ');
  const pipe = encrypted ? '' : ' | kubectl apply -f -';
  return { text: `${text}:`, commands: lines.map((line) => `${line}${pipe}`) };
}

function hostKeyNotes(readers: readonly Reader[]): string[] {
  const hosts = [...new Set(readers.flatMap(({ settings }) => hostKeysAt(settings) ?? []))];
  if (hosts.length === 0) return [];
  const scans = hosts.map((host) => `ssh-keyscan ${host}`).join(' and ');
  return [
    `FILE for --known-hosts has the ssh host keys of your server. Ask the people who run it, or compare what ${scans} prints with the fingerprints that they publish`,
  ];
}

const BY_HAND: Step = {
  text: `Flux needs a Secret to read private repositories, and with --credentials none you make it. Do it before you apply an environment for the first time: ${GENERATOR.docs}/how-to/private-repositories.md`,
  commands: [],
};
