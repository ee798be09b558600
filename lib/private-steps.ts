import { type Environment, gitSecretOf, namespaceOf, sourceUrl } from './plan/estate.ts';
import { GENERATOR } from './plan/generator.ts';
import { gitCredentialsOf, isOci } from './plan/oci.ts';
import type { Plan, RepoPlan } from './plan/plan.ts';
import { shellCommand } from './render/quoting.ts';
import type { Credentials } from './settings/settings.ts';
import { applyEach, LISTED, type Step, stepFor } from './step.ts';

/** The config repo of a plan, and its folder as a user would type it. */
type Config = { readonly repo: RepoPlan; readonly folder: string };

/** What the layer `install` of a config repo says about its own source. */
type Install = {
  readonly credentials: Credentials;
  readonly configSource: string;
  readonly syncConfig: boolean;
};

/** The Secret for a config repo that the cluster follows. Flux needs it before it starts. */
export function configSecretStep({ repo, folder }: Config, published: boolean): Step[] {
  const { values } = repo.layers.find(({ from }) => from === 'install') ?? {};
  const { credentials = 'none', configSource, syncConfig } = (values ?? {}) as Partial<Install>;
  if (!syncConfig || credentials === 'none') return [];
  const { found } = repo;
  const followed = found?.estate.syncConfig === 'yes' && found.shared.credentials === credentials;
  if (followed && sourceUrl(found.shared, repo.name) === configSource) return [];
  return [giving('the config repo', [repo.name], folder, [credentials], published)];
}

/**
 * The Secrets with which Flux reads the private app repos of `plan`: for each environment that is new or that Flux now
 * reads in another way. A Secret needs its namespace, so the namespaces come first.
 */
export function secretSteps(plan: Plan, { repo, folder }: Config, published: boolean): Step[] {
  const before = new Map(repo.found?.environments.map((one) => [one.name, one]));
  const changed = plan.environments.filter((one) => {
    const found = before.get(one.name);
    return found === undefined || sourceOf(found) !== sourceOf(one);
  });
  const needy = changed.filter((one) => gitCredentialsOf(one) !== 'none');
  const own = changed.some((one) => !isOci(one) && one.credentials === 'none');
  if (needy.length === 0) return plan.visibility === 'private' && own ? [BY_HAND] : [];
  const names = needy.map(({ name }) => name);
  const kinds = [...new Set(needy.map(({ credentials }) => credentials))];
  const words = names.length > LISTED ? [] : names;
  return [
    ...(plan.syncConfig
      ? stepFor('Wait until Flux has made the namespaces:', waits(needy))
      : stepFor('Create the namespaces:', applyEach(folder, names, '1_tenant.yaml'))),
    giving('the app repos', words, folder, kinds, published),
    ...(own ? [BY_HAND] : []),
  ];
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

function giving(
  what: string,
  words: readonly string[],
  folder: string,
  kinds: readonly Credentials[],
  published: boolean,
): Step {
  const into = folder === '.' ? [] : [`--into=${folder}`];
  const hasKeys = kinds.includes('deploy-key');
  const publish = hasKeys && published ? ['--publish'] : [];
  const line = shellCommand(['flux-gitops', 'credentials', ...words, ...into, ...publish]);
  const gifts = kinds.map((kind) => GIFTS[kind]).join(' and ');
  const register = hasKeys && !published ? ' (--publish registers the deploy keys on GitHub)' : '';
  return {
    text: `Give Flux ${gifts} for ${what}${register}:`,
    commands: [`${line} | kubectl apply -f -`],
  };
}

const BY_HAND: Step = {
  text: `Flux needs a Secret to read private repositories, and with --credentials none you make it. Do it before you apply an environment for the first time: ${GENERATOR.docs}/how-to/private-repositories.md`,
  commands: [],
};
