import { basename, dirname, join } from 'node:path';
import {
  departureSteps,
  leftSourceSteps,
  replacementSteps,
  surplusSteps,
} from './departure-steps.ts';
import { type ComparedRepo, WRITES } from './disk/compare.ts';
import { type Environment, namespaceOf } from './plan/estate.ts';
import { isByHand } from './plan/hand-written/own-form.ts';
import type { Plan, RepoPlan } from './plan/plan.ts';
import { appFoldersOf, demoFileOf } from './plan/values/layout.ts';
import {
  followsArtifact,
  isGithubRegistry,
  isKeySigned,
  isOci,
  needsSameSecrets,
  syncNamesOf,
} from './plan/values/oci.ts';
import { CHART_VERSION } from './plan/values/operator-tier.ts';
import { hasDemo } from './plan/values/values.ts';
import { configSecretSteps, keySteps, secretSteps } from './private-steps.ts';
import { leadsElsewhere } from './publish/origin.ts';
import { shellCommand, shellWord } from './render/quoting.ts';
import { DEMO_OWNER, type SharedSettings } from './settings/settings.ts';
import { applyEach, kubectlIn, type Step, stepFor } from './step.ts';

export type { Step } from './step.ts';

/** A repository, its folder as a user would type it, and whether it is already a git repository. */
type Place = {
  readonly repo: RepoPlan;
  readonly folder: string;
  readonly hasGit: boolean;
  /** Where git pushes it: to the address of the plan, to another one, or nowhere yet. */
  readonly remote: 'there' | 'elsewhere' | 'none';
  readonly isNew: boolean;
  /** Paths that this run wrote, and those that it removed. */
  readonly written: readonly string[];
  readonly removed: readonly string[];
  /** Paths that the user deleted, and that stay so. */
  readonly deleted: readonly string[];
};

/** What the next steps depend on, in addition to the plan. */
export type Circumstances = {
  /** The folder of a repository, as a user would type it. */
  readonly shown: (folder: string) => string;
  readonly hasGit: (folder: string) => boolean;
  /** The remote origin; an empty text if there is none, undefined if it is not known. */
  readonly originOf: (folder: string) => string | undefined;
  /** Whether the run pushed its files. */
  readonly published: boolean;
  /** The command line of the run. */
  readonly words: readonly string[];
  /** Whether the run does its steps on the cluster itself. */
  readonly live: boolean;
};

/**
 * The steps after a run of `plan` that wrote `repos`, in order: push, install, apply, look. Files that the cluster
 * already has are applied again only if this run changed them.
 */
export function nextSteps(
  plan: Plan,
  repos: readonly ComparedRepo[],
  { shown, hasGit, originOf, published, words, live }: Circumstances,
): Step[] {
  const places = repos.map(({ repo, folder, isNew, files }): Place => {
    const changed = files.filter(({ action }) => WRITES.has(action));
    const paths = (isRemoved: boolean): string[] =>
      changed.filter(({ action }) => (action === 'remove') === isRemoved).map(({ path }) => path);
    return {
      ...{ repo, folder: shown(folder), hasGit: hasGit(folder), isNew },
      remote: remoteOf(originOf(folder), repo.url),
      ...{ written: paths(false), removed: paths(true) },
      deleted: files
        .filter(({ state, action }) => state === 'deleted' && action === 'keep')
        .map(({ path }) => path),
    };
  });
  const config = places.find(({ repo }) => repo.role === 'config');
  const folderOf = (environment: string): string => join(config?.folder ?? '.', environment, '/');
  const again = words.filter(isRemembered);
  const leaves = departureSteps(plan, { again, live, folderOf });
  const arrives = isPlain(plan);
  const rest = { ...plan, environments: plan.environments.filter(arrives) };
  const others = { ...plan, environments: plan.environments.filter((one) => !arrives(one)) };
  const pushing = published ? [] : pushes(plan, places, words);
  // Who pushes with the command registers deploy keys with it, too.
  const registers = published || pushing.some(({ or }) => or !== undefined);
  return [
    ...(config?.isNew ? cluster(config) : []),
    ...leaves.before,
    ...(published ? [] : visibilitySteps(plan, places)),
    ...pushing,
    ...artifacts(plan, places),
    ...surplusSteps(plan),
    ...(config && config.written.length > 0 ? secretSteps(others, config, registers) : []),
    ...leaves.after,
    ...(config
      ? [
          ...operator(config, registers),
          ...outdated(plan, config),
          ...applied(rest, config, registers),
        ]
      : []),
    ...(config && config.written.length > 0 ? looks(rest, config, places) : []),
    ...formerAccountSteps(plan),
    ...leftSourceSteps(plan, config?.repo.found),
    ...(config ? keySteps(plan, published, config.folder) : []),
    ...replacementSteps(plan),
    ...readmes(config ?? places[0]),
  ];
}

function remoteOf(origin: string | undefined, url: string): Place['remote'] {
  if (origin === '') return 'none';
  return origin !== undefined && leadsElsewhere(origin, url) ? 'elsewhere' : 'there';
}

/** Whether an environment arrives in the ordinary way: it moves from no other app repo, and replaces no other one. */
function isPlain({ moves = [], departures }: Plan): (one: { readonly name: string }) => boolean {
  const moved = new Set(moves.map(({ name }) => name));
  return ({ name }) => departures === undefined && !moved.has(name);
}

/** A cluster of another type is made in another way. */
function cluster({ repo, folder }: Place): Step[] {
  const { values } = repo.layers.find(({ from }) => from === 'install') ?? {};
  if (values?.clusterType !== 'kubernetes') return [];
  const kind = ['kind', 'create', 'cluster', '--name', 'flux', '--config'];
  return [
    {
      text: 'Create a cluster, if you have none:',
      commands: [shellCommand([...kind, join(folder, 'install/kind.yaml')])],
    },
  ];
}

/** GitHub does not change the visibility of a repository with the files in it, and nor does this command. */
function visibilitySteps({ visibility }: Plan, places: readonly Place[]): Step[] {
  const config = places.find(({ repo }) => repo.role === 'config');
  const before = config?.repo.found?.estate.visibility ?? 'public';
  if (config?.repo.found === undefined || before === visibility) return [];
  const there = places.filter(({ hasGit, remote }) => hasGit && remote === 'there');
  const why =
    visibility === 'private'
      ? 'Make the repositories private on GitHub. Until then, everyone can read them'
      : 'Make the repositories public on GitHub, so that Flux can read them without a Secret. Their history becomes public, too';
  return stepFor(
    `${why}:`,
    there.map(({ repo }) => {
      const { host } = new URL(repo.githubUrl);
      const name = `${host === 'github.com' ? '' : `${host}/`}${repo.owner}/${repo.name}`;
      const flags = ['--visibility', visibility, '--accept-visibility-change-consequences'];
      return shellCommand(['gh', 'repo', 'edit', name, ...flags]);
    }),
  );
}

/** How to push the repositories of this run to GitHub. There is no such step for the public demo. */
function pushes(plan: Plan, places: readonly Place[], words: readonly string[]): Step[] {
  const own = places
    .filter(({ repo, written }) => repo.owner !== DEMO_OWNER && written.length > 0)
    .filter(({ repo, hasGit }) => hasGit || repo.feeds?.length !== 0)
    // The config repo comes last, because it makes Flux read the others.
    .sort(
      (one, other) => Number(one.repo.role === 'config') - Number(other.repo.role === 'config'),
    );
  if (own.length === 0) return [];
  const groups = Map.groupBy(own, ({ repo, folder, hasGit, remote }) =>
    [hasGit, hasGit && remote, repo.githubUrl, repo.owner, dirname(folder), repo.branches[0]].join(
      ' ',
    ),
  );
  const all = own.every(({ hasGit }) => !hasGit);
  const byHand = [...groups.values()].flatMap((group) => pushByHand(plan, group));
  // The same command would not find the environments any more, or not the app repo that they have left.
  if (plan.departures || plan.replaces || plan.moves)
    return [{ text: 'Push to GitHub:', commands: byHand }];
  // The command refuses to push to another repository than before.
  if (own.some(({ hasGit, remote }) => hasGit && remote === 'elsewhere'))
    return [
      {
        text: 'Push to the new address, with git and gh. If you have moved the repositories on GitHub, leave gh out:',
        commands: byHand,
      },
    ];
  // An update pushes a branch, so its repositories must be on GitHub.
  const publishing = words.filter((word) => isRemembered(word) && !(all && word === 'update'));
  return [
    {
      text: all
        ? 'Create the repositories on GitHub and push them, with the token of gh or GH_TOKEN:'
        : 'Push to GitHub, with the token of gh or GH_TOKEN:',
      commands: [shellCommand([...publishing, '--publish', '--yes'])],
      or: {
        text: 'Or by hand, with git and gh:',
        commands: byHand,
      },
    },
  ];
}

/** The words of a run that the next one needs: the record knows the rest. */
const isRemembered = (word: string): boolean =>
  !word.startsWith('--') || /^--(name|into)=/.test(word);

/** The commands for repositories that differ in their names only. */
function pushByHand({ visibility }: Plan, group: readonly Place[]): string[] {
  const [first] = group;
  if (first === undefined) return [];
  const { repo, folder, hasGit, remote } = first;
  const parent = dirname(folder);
  const one = group.length === 1;
  const lies = one
    ? shellWord(folder)
    : parent === '.'
      ? '"$repo"'
      : `${shellWord(parent)}/"$repo"`;
  const name = one ? shellWord(`${repo.owner}/${repo.name}`) : `${shellWord(repo.owner)}/"$repo"`;
  const host = new URL(repo.githubUrl).host;
  const gh = host === 'github.com' ? 'gh' : `GH_HOST=${shellWord(host)} gh`;
  const git = `git -C ${lies}`;
  const create = `${gh} repo create ${name} --${visibility}`;
  const changes = `${git} add --all && ${git} commit --message 'Change the estate'`;
  const address = one ? shellWord(repo.url) : `${shellWord(dirname(repo.url))}/"$repo"`;
  const commands = !hasGit
    ? [
        `${git} init --initial-branch ${shellWord(repo.branches[0] ?? 'main')}`,
        `${git} add --all && ${git} commit --message 'Add the estate'`,
        `${create} --source ${lies} --push`,
      ]
    : {
        there: [`${changes} && ${git} push`],
        none: [changes, `${create} --source ${lies} --push`],
        elsewhere: [
          changes,
          create,
          `${git} remote set-url origin ${address}`,
          `${git} push --set-upstream origin HEAD`,
        ],
      }[remote];
  if (one) return commands;
  const names = group.map((place) => shellWord(basename(place.folder))).join(' ');
  return [`for repo in ${names}; do`, ...commands.map((command) => `  ${command}`), 'done'];
}

/** What the workflows need that push artifacts, and when they are ready. */
function artifacts({ environments }: Plan, places: readonly Place[]): Step[] {
  const pushing = places.filter(({ repo, written }) => written.length > 0 && pushesArtifacts(repo));
  const [first] = pushing;
  const settings = environments.find(isOci) ?? first?.repo.found?.shared;
  if (first === undefined || settings === undefined) return [];
  const hasApps = pushing.some(({ repo }) => repo.role === 'scenario');
  const hasConfig = pushing.some(({ repo }) => repo.role === 'config');
  const which = [...(hasApps ? ['each app repo'] : []), ...(hasConfig ? ['the config repo'] : [])];
  const fresh = pushing.filter(({ repo }) => !pushedBefore(repo, settings));
  return [
    ...workflowSecrets(fresh, settings),
    {
      text: `Wait until the workflow Push of ${which.join(' and of ')} has pushed its artifacts.`,
      commands: [],
    },
  ];
}

const pushesArtifacts = ({ layers }: RepoPlan): boolean =>
  layers.some(({ from }) => from === 'oci');

/** Whether the workflow of `repo` has pushed artifacts before, with the same secrets. */
function pushedBefore({ found }: RepoPlan, settings: SharedSettings): boolean {
  if (found === undefined) return false;
  const before = [...found.environments, ...(followsArtifact(found) ? [found.shared] : [])];
  return before.some((one) => isOci(one) && needsSameSecrets(one, settings));
}

/** The secrets of GitHub Actions, without which the workflow of a push fails: it can run again. */
function workflowSecrets(places: readonly Place[], settings: SharedSettings): Step[] {
  const secrets = [
    ...(isKeySigned(settings) ? ['COSIGN_PRIVATE_KEY', 'COSIGN_PASSWORD'] : []),
    ...(isGithubRegistry(settings) ? [] : ['REGISTRY_USER', 'REGISTRY_PASSWORD']),
  ];
  if (secrets.length === 0 || places.length === 0) return [];
  const { host } = new URL(settings.githubUrl);
  const owner = host === 'github.com' ? settings.owner : `${host}/${settings.owner}`;
  const names = places.map(({ repo }) => shellWord(repo.name)).join(' ');
  const to = `--repo ${shellWord(owner)}/"$repo"`;
  const set = secrets.map(
    (name) =>
      `  gh secret set ${name} ${to}${name === 'COSIGN_PRIVATE_KEY' ? ' < cosign.key' : ''}`,
  );
  const key = isKeySigned(settings)
    ? '. Make the key with cosign generate-key-pair, and keep cosign.key out of every repository'
    : '';
  return [
    {
      text: `Give the workflows their secrets, and run them again, because the first push has failed without them${key}:`,
      commands: [`for repo in ${names}; do`, ...set, `  gh workflow run push.yaml ${to}`, 'done'],
    },
  ];
}

const CHARTS = 'oci://ghcr.io/controlplaneio-fluxcd/charts';

/** `words` as one indented line of a command that continues on the next line. */
const shellLine = ([first = '', ...words]: readonly string[]): string =>
  `${first} ${shellCommand(words)}`;

/** The commands for the two charts. The README in install/ has the same commands, and other ways to install. */
function operator(config: Place, registers: boolean): Step[] {
  const { folder, isNew, written } = config;
  if (!isNew && !written.some((path) => /^install\/flux-/.test(path))) return [];
  const chart = (release: string, name: string, ...more: string[]): string =>
    [
      ['helm', 'upgrade', '--install', release],
      [`  ${CHARTS}/${name}`, '--version', CHART_VERSION],
      ['  --namespace', 'flux-system', ...more, '--wait'],
      ['  --values', join(folder, `install/${name}-values.yaml`)],
    ]
      .map(shellLine)
      .join(' \\\n');
  const flux = chart('flux', 'flux-instance');
  const commands = [chart('flux-operator', 'flux-operator', '--create-namespace'), flux];
  const text = isNew
    ? 'Install the Flux Operator and Flux, once for each cluster:'
    : 'Bring the changes in install/ to the cluster:';
  const secret = configSecretSteps(config, registers);
  // The chart of the operator makes the namespace of the Secret, and Flux reads the Secret.
  if (!isNew || secret.length === 0) return [...secret, { text, commands }];
  return [
    { text: 'Install the Flux Operator, once for each cluster:', commands: commands.slice(0, 1) },
    ...secret,
    { text: 'Install Flux:', commands: [flux] },
  ];
}

/**
 * What `kubectl apply` cannot change: the role of a role binding, and objects that the files do not have any more. The
 * environments are those whose profile changed.
 */
function outdated({ environments }: Plan, { repo, removed }: Place): Step[] {
  const before = new Map(repo.found?.environments.map((one) => [one.name, one]));
  const changed = environments.filter(
    ({ name, profile }) => (before.get(name)?.profile ?? profile) !== profile,
  );
  const policies = removed.flatMap((path) => /^policies\/(.+)\.yaml$/.exec(path)?.[1] ?? []).sort();
  const moved = environments.flatMap((one) => {
    const old = before.get(one.name);
    return old && namespaceOf(old) !== namespaceOf(one) ? [namespaceOf(old)] : [];
  });
  const kinds = 'rolebindings,roles,resourcequotas,limitranges,networkpolicies';
  const guards = 'validatingadmissionpolicies,validatingadmissionpolicybindings';
  const names = policies.map((one) => `tenant-${one}`);
  return [
    ...stepFor(
      'Delete the policies that the estate no longer has:',
      names.length === 0 ? [] : [shellCommand(['kubectl', 'delete', guards, ...names])],
    ),
    ...stepFor(
      'Delete what the other profile applied, because kubectl apply cannot change the role of a role binding:',
      changed.map(namespaceOf).map((namespace) => {
        const ofTenant = ['--selector', `toolkit.fluxcd.io/tenant=${namespace}`];
        return kubectlIn(namespace, 'delete', kinds, ...ofTenant);
      }),
    ),
    ...stepFor(
      'Delete the service account tokens of the profile reference, which never expire:',
      changed
        .filter(({ profile }) => profile === 'hardened')
        .map((one) =>
          kubectlIn(namespaceOf(one), 'delete', 'secret', one.name, '--ignore-not-found'),
        ),
    ),
    ...stepFor(
      'Delete the old namespaces, with everything in them, when you no longer need them:',
      moved.flatMap((namespace) => [
        kubectlIn(namespace, 'delete', 'kustomizations', '--all'),
        shellCommand(['kubectl', 'delete', 'namespace', namespace]),
      ]),
    ),
  ];
}

/** What a person applies; a cluster that follows the config repo applies it by itself. */
function applied(plan: Plan, config: Place, registers: boolean): Step[] {
  const { folder, written } = config;
  const { syncConfig, environments } = plan;
  const secrets = written.length > 0 ? secretSteps(plan, config, registers) : [];
  if (syncConfig) return secrets;
  const folders = new Set(written.map((path) => path.split('/')[0]));
  const isWritten = (below: string): boolean => folders.has(below);
  const apply = (below: string): string =>
    shellCommand(['kubectl', 'apply', '-f', join(folder, below, '/')]);
  const changed = environments.map(({ name }) => name).filter(isWritten);
  return [
    ...stepFor('Apply the policies:', isWritten('policies') ? [apply('policies')] : []),
    ...secrets,
    ...stepFor(
      changed.length === 1 ? 'Apply the environment:' : 'Apply the environments:',
      applyEach(folder, changed, ''),
    ),
  ];
}

/** What a service account of another name leaves behind: kubectl apply and Flux do not delete it. */
const formerAccountSteps = ({ formerAccounts = [] }: Plan): Step[] =>
  stepFor(
    'When the sync is Ready with the service account of its namespace, delete the former one, unless pods use it:',
    formerAccounts.map(({ namespace, objects }) => kubectlIn(namespace, 'delete', ...objects)),
  );

/** Whether the app repo of `one` still has the demo app: a user who has an app deletes its file. */
const hasPage = (one: Environment, places: readonly Place[]): boolean =>
  hasDemo(one) &&
  !places.some(
    ({ repo, deleted }) =>
      repo.role === 'scenario' && repo.name === one.repo && deleted.includes(demoFileOf(one)),
  );

/** How to check the result, in the first environment that has a page. */
function looks({ environments }: Plan, { repo }: Place, places: readonly Place[]): Step[] {
  // What a user wrote by hand may have any app, under any name.
  const own = environments.filter((one) => !isByHand(one));
  const first = own.find((one) => hasPage(one, places)) ?? own.find(hasDemo) ?? own[0];
  if (first === undefined) return [];
  const namespace = namespaceOf(first);
  const kubectl = (...words: string[]): string => kubectlIn(namespace, ...words);
  const isThere = repo.found?.environments.some(({ name }) => name === first.name) === true;
  const names = syncNamesOf(first);
  const source = names.sourceKind.toLowerCase();
  const reconcile = `${kubectl('annotate', '--overwrite', `${source}/${names.source}`)} reconcile.fluxcd.io/requestedAt="$(date +%s)"`;
  const ready = kubectl(
    ...['wait', `kustomization/${names.kustomization}`, '--for=condition=Ready', '--timeout=5m'],
  );
  // A sync that is Ready already would end the wait at once.
  const wait = (what: string): Step =>
    isThere
      ? {
          text: `Ask Flux to look for new ${isOci(first) ? 'artifacts' : 'commits'} at once:`,
          commands: [reconcile],
        }
      : { text: `Wait until Flux ${what}:`, commands: [ready] };
  if (!hasDemo(first))
    return [
      wait('follows the app repo'),
      {
        text: `Put your manifests into the folder ${appFoldersOf(first)[0]} of ${first.repo}, commit and push.`,
        commands: [],
      },
    ];
  if (!hasPage(first, places)) return [wait('has applied the app')];
  return [
    wait('has applied the app'),
    {
      text: 'See the page at http://localhost:8080:',
      commands: [kubectl('port-forward', 'service/kcheck-service', '8080:80')],
    },
  ];
}

function readmes(place: Place | undefined): Step[] {
  if (place === undefined) return [];
  const readme = shellWord(join(place.folder, 'README.md'));
  const text =
    place.repo.role === 'config'
      ? `Every command for this estate is in ${readme}.`
      : `How Flux applies this repository is in ${readme}.`;
  return [{ text, commands: [] }];
}
