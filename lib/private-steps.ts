import {
  type Environment,
  gitSecretOf,
  mergeEnvironments,
  namespaceOf,
  repositoryUrl,
  sourceUrl,
} from './plan/estate.ts';
import { GENERATOR } from './plan/generator.ts';
import { gitCredentialsOf, isOci } from './plan/oci.ts';
import type { Plan, RepoPlan } from './plan/plan.ts';
import { decrypts } from './plan/record.ts';
import { hostKeysAt, type Reader, secretCommands } from './plan/secret-commands.ts';
import { shellCommand } from './render/quoting.ts';
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
};

const installOf = (repo: RepoPlan): Partial<Install> =>
  (repo.layers.find(({ from }) => from === 'install')?.values ?? {}) as Partial<Install>;

/** The Secrets for a config repo that the cluster follows. Flux needs them before it starts. */
export function configSecretSteps(config: Config, registers: boolean): Step[] {
  const { found } = config.repo;
  const isNew = installOf(config.repo).decrypts && !(found && decrypts(found));
  return [...configSecret(config, registers), ...(isNew ? [AGE_KEY] : [])];
}

const AGE_KEY: Step = {
  text: 'Give Flux the age key. AGE_KEY_FILE is the file that age-keygen wrote:',
  commands: [
    `${kubectlIn('flux-system', 'create', 'secret', 'generic', 'sops-age')} --from-file age.agekey="$AGE_KEY_FILE"`,
  ],
};

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
 * The Secrets with which Flux reads the private app repos of `plan`: for each environment that is new or that Flux now
 * reads in another way. A Secret needs its namespace, so the namespaces come first.
 */
export function secretSteps(plan: Plan, { repo, folder }: Config, registers: boolean): Step[] {
  const before = new Map(repo.found?.environments.map((one) => [one.name, one]));
  const changed = plan.environments.filter((one) => {
    const found = before.get(one.name);
    return found === undefined || sourceOf(found) !== sourceOf(one);
  });
  const needy = changed.filter((one) => gitCredentialsOf(one) !== 'none');
  const own = changed.some((one) => !isOci(one) && one.credentials === 'none');
  if (needy.length === 0) return plan.visibility === 'private' && own ? [BY_HAND] : [];
  const names = needy.map(({ name }) => name);
  const readers = needy.map((one) => ({ word: one.name, repo: one.repo, settings: one }));
  if (installOf(repo).decrypts)
    return [giving('the app repos', readers, folder, registers, true), ...(own ? [BY_HAND] : [])];
  return [
    ...(plan.syncConfig
      ? stepFor('Wait until Flux has made the namespaces:', waits(needy))
      : stepFor('Create the namespaces:', applyEach(folder, names, '1_tenant.yaml'))),
    giving('the app repos', readers, folder, registers),
    ...(own ? [BY_HAND] : []),
  ];
}

/**
 * The deploy keys with which Flux reads no more: another kind of credentials, another owner, public repositories,
 * artifacts, or no environment. GitHub keeps them until somebody removes them. With --publish, the run itself removes
 * those of app repos that feed nothing.
 */
export function keySteps(plan: Plan, published: boolean, folder: string): Step[] {
  const config = plan.repos.find(({ role }) => role === 'config');
  if (config?.found === undefined) return [];
  const needed = new Set(keyHolders(after(plan, config)).keys());
  const unfed = plan.repos.filter(({ feeds }) => feeds?.length === 0).map(({ url }) => url);
  for (const url of published ? unfed : []) needed.add(url.toLowerCase());
  const left = [...keyHolders(before(config))].filter(([url]) => !needed.has(url));
  if (left.length === 0) return [];
  const pages = left.map(([, { page }]) => page).join(', ');
  // The command knows the addresses of the estate as it is now.
  const now = new Set(after(plan, config).map(({ url }) => url.toLowerCase()));
  const words = left.flatMap(([url, { names }]) => (now.has(url) ? names : []));
  const into = folder === '.' ? [] : [`--into=${folder}`];
  const revoke = ['flux-gitops', 'credentials', ...words, '--revoke', ...into];
  return [
    {
      text: `Delete the deploy keys that Flux no longer needs, when Flux reads without them: ${pages}`,
      commands: words.length === 0 ? [] : [shellCommand(revoke)],
    },
  ];
}

/** A repository, by whom Flux reads it, and whether it does so with a deploy key. */
type Read = { readonly name: string; readonly url: string; readonly hasKey: boolean };

const readBy = (one: Environment): Read => ({
  name: one.name,
  url: repositoryUrl(one, one.repo),
  hasKey: gitCredentialsOf(one) === 'deploy-key',
});

/** What Flux read before the run. */
function before({ found }: RepoPlan): Read[] {
  if (found === undefined) return [];
  const { name, shared, estate, environments } = found;
  const hasKey = estate.syncConfig === 'yes' && gitCredentialsOf(shared) === 'deploy-key';
  return [...environments.map(readBy), { name, url: repositoryUrl(shared, name), hasKey }];
}

/** What Flux reads after the run. */
function after({ environments, departures = [] }: Plan, config: RepoPlan): Read[] {
  const gone = departures.filter(({ state }) => state !== 'leaving').map(({ name }) => name);
  const { credentials, syncConfig } = installOf(config);
  const hasKey = syncConfig === true && credentials === 'deploy-key';
  const all = mergeEnvironments(config.found?.environments ?? [], environments);
  return [
    ...all.filter(({ name }) => !gone.includes(name)).map(readBy),
    { name: config.name, url: config.url, hasKey },
  ];
}

/** The pages of the deploy keys of `reads` and the names of those who have them, by the address of the repository. */
function keyHolders(reads: readonly Read[]) {
  const keyed = reads.filter(({ hasKey }) => hasKey);
  return new Map(
    [...Map.groupBy(keyed, ({ url }) => url.toLowerCase())].map(([url, holders]) => [
      url,
      {
        page: `${holders[0]?.url}/settings/keys`,
        names: holders.map(({ name }) => name),
      },
    ]),
  );
}

/** Everything that decides which Secret Flux reads, and what has to be in it. */
const sourceOf = (one: Environment): string =>
  [namespaceOf(one), gitSecretOf(one.repo), gitCredentialsOf(one), sourceUrl(one, one.repo)].join(
    ' ',
  );

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
