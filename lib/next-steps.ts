import { basename, dirname, join } from 'node:path';
import { type ComparedRepo, WRITES } from './disk/compare.ts';
import { namespaceOf } from './plan/estate.ts';
import { CHART_VERSION } from './plan/operator-tier.ts';
import type { Plan, RepoPlan } from './plan/plan.ts';
import { hasDemo } from './plan/values.ts';
import { shellCommand, shellWord } from './render/quoting.ts';
import { DEMO_OWNER } from './settings/settings.ts';

/** Something that a person does after a run: a sentence, and the commands for it, quoted for a POSIX shell. */
export type Step = { readonly text: string; readonly commands: readonly string[] };

/** A repository, where it lies as a person would type it, and whether it is a git repository already. */
type Place = {
  readonly repo: RepoPlan;
  readonly folder: string;
  readonly hasGit: boolean;
  readonly isNew: boolean;
  /** Paths that this run wrote. */
  readonly written: readonly string[];
};

/** What the next steps depend on besides the plan. */
export type Circumstances = {
  /** The folder of a repository, as a person would type it. */
  readonly shown: (folder: string) => string;
  readonly hasGit: (folder: string) => boolean;
  /** Whether the run pushed what it wrote. */
  readonly published: boolean;
  /** The command line of the run. */
  readonly words: readonly string[];
};

/**
 * What comes after a run of `plan` that wrote `repos`, in order: push, install, apply, look. What lies in the cluster
 * already is applied again only where this run changed it.
 */
export function nextSteps(
  plan: Plan,
  repos: readonly ComparedRepo[],
  { shown, hasGit, published, words }: Circumstances,
): Step[] {
  const places = repos.map(({ repo, folder, isNew, files }): Place => {
    const written = files.filter(({ action }) => WRITES.has(action)).map(({ path }) => path);
    return { repo, folder: shown(folder), hasGit: hasGit(folder), isNew, written };
  });
  const config = places.find(({ repo }) => repo.role === 'config');
  return [
    ...(config?.isNew ? [cluster(config)] : []),
    ...(published ? [] : pushes(plan, places, words)),
    ...(config ? [...operator(config), ...applied(plan, config)] : []),
    ...(config && config.written.length > 0 ? looks(plan) : []),
    ...readmes(config ?? places[0]),
  ];
}

const cluster = ({ folder }: Place): Step => ({
  text: 'Create a cluster, if you have none:',
  commands: [
    shellCommand([
      ...['kind', 'create', 'cluster', '--name', 'flux', '--config'],
      join(folder, 'install/kind.yaml'),
    ]),
  ],
});

/** How the repositories that this run wrote reach GitHub; nobody pushes to the public demo. */
function pushes(plan: Plan, places: readonly Place[], words: readonly string[]): Step[] {
  const own = places
    .filter(({ repo, written }) => repo.owner !== DEMO_OWNER && written.length > 0)
    // The config repo makes Flux read the others, so it comes last.
    .sort(
      (one, other) => Number(one.repo.role === 'config') - Number(other.repo.role === 'config'),
    );
  if (own.length === 0) return [];
  const groups = Map.groupBy(own, ({ repo, folder, hasGit }) =>
    [hasGit, repo.githubUrl, repo.owner, dirname(folder), repo.branches[0]].join(' '),
  );
  return [
    {
      text: 'Create the repositories on GitHub and push them:',
      commands: [shellCommand([...words, '--publish', '--yes'])],
    },
    {
      text: 'Or push by hand, with git and gh:',
      commands: [...groups.values()].flatMap((group) => pushByHand(plan, group)),
    },
  ];
}

/** The commands for repositories that differ in their names only. */
function pushByHand({ visibility }: Plan, group: readonly Place[]): string[] {
  const [first] = group;
  if (first === undefined) return [];
  const { repo, folder, hasGit } = first;
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
  const commands = hasGit
    ? [`${git} add --all && ${git} commit --message 'Change the estate' && ${git} push`]
    : [
        `${git} init --initial-branch ${shellWord(repo.branches[0] ?? 'main')}`,
        `${git} add --all && ${git} commit --message 'Add the estate'`,
        `${gh} repo create ${name} --${visibility} --source ${lies} --push`,
      ];
  if (one) return commands;
  const names = group.map((place) => shellWord(basename(place.folder))).join(' ');
  return [`for repo in ${names}; do`, ...commands.map((command) => `  ${command}`), 'done'];
}

const CHARTS = 'oci://ghcr.io/controlplaneio-fluxcd/charts';

/** `words`, the first of them indented, as a line of a command that goes on below. */
const shellLine = ([first = '', ...words]: readonly string[]): string =>
  `${first} ${shellCommand(words)}`;

/** The two charts; the README in install/ has the same commands, and the ones for other ways. */
function operator({ folder, isNew, written }: Place): Step[] {
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
  const commands = [
    chart('flux-operator', 'flux-operator', '--create-namespace'),
    chart('flux', 'flux-instance'),
  ];
  const text = isNew
    ? 'Install the Flux Operator and Flux, once for each cluster:'
    : 'Bring the changes in install/ to the cluster:';
  return [{ text, commands }];
}

/** More environments than this are applied by a loop. */
const LISTED = 20;

/** What a person applies; a cluster that follows the config repo applies it by itself. */
function applied({ syncConfig, environments }: Plan, { folder, written }: Place): Step[] {
  if (syncConfig) return [];
  const isWritten = (below: string): boolean =>
    written.some((path) => path.startsWith(`${below}/`));
  const apply = (below: string): string =>
    shellCommand(['kubectl', 'apply', '-f', join(folder, below, '/')]);
  const changed = environments.map(({ name }) => name).filter(isWritten);
  const loop = [
    `for tenant in ${shellWord(folder)}/*/1_tenant.yaml; do`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a parameter of the shell
    '  kubectl apply -f "${tenant%/*}/"',
    'done',
  ];
  return [
    ...(isWritten('policies')
      ? [{ text: 'Apply the policies:', commands: [apply('policies')] }]
      : []),
    ...(changed.length > 0
      ? [
          {
            text: changed.length === 1 ? 'Apply the environment:' : 'Apply the environments:',
            commands: changed.length > LISTED ? loop : changed.map(apply),
          },
        ]
      : []),
  ];
}

/** How to see that it works, in the first of the environments that has a page. */
function looks({ environments }: Plan): Step[] {
  const first = environments.find(hasDemo) ?? environments[0];
  if (first === undefined) return [];
  const namespace = namespaceOf(first);
  const kubectl = (...words: string[]): string =>
    shellCommand(['kubectl', '--namespace', namespace, ...words]);
  const ready = kubectl(
    ...['wait', `kustomization/${first.repo}`, '--for=condition=Ready', '--timeout=5m'],
  );
  if (!hasDemo(first))
    return [
      { text: 'Wait until Flux follows the app repo:', commands: [ready] },
      {
        text: `Put your manifests into the folder ${first.layout === 'overlays' ? 'base' : first.name} of ${first.repo}, commit and push.`,
        commands: [],
      },
    ];
  return [
    { text: 'Wait until Flux has applied the app:', commands: [ready] },
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
