/** What a person does on the cluster after environments left an estate, or moved to another app repo. */

import {
  type Environment,
  KUSTOMIZATIONS,
  namespaceOf,
  SOURCE_RESOURCES,
  secretNameOf,
} from './plan/estate.ts';
import type { Departure, Move, Plan, SyncNames } from './plan/plan.ts';
import type { FoundRecord } from './plan/record.ts';
import {
  gitCredentialsOf,
  isKeySigned,
  isOci,
  keySecretOf,
  pullSecretOf,
  syncNamesOf,
} from './plan/values/oci.ts';
import { shellCommand, shellWord } from './render/quoting.ts';
import { kubectlIn, type Step } from './step.ts';

/** The annotation that says whether Flux may delete an object that a commit removes. */
const PRUNE = String.raw`{.metadata.annotations.kustomize\.toolkit\.fluxcd\.io/prune}`;

/** What the steps depend on, in addition to the plan. */
export type Situation = {
  /** The command line of the run, without its flags: `--live` completes it. */
  readonly again: readonly string[];
  readonly live: boolean;
  /** The folder of an environment in the config repo, as a user would type it. */
  readonly folderOf: (environment: string) => string;
};

/** The steps before the push of the files, and those after it. */
export type Leaving = { readonly before: readonly Step[]; readonly after: readonly Step[] };

/** The steps for the environments of `plan` that leave, move or get another name. */
export function departureSteps(plan: Plan, situation: Situation): Leaving {
  const { departures = [], syncConfig, environments } = plan;
  const { again, live } = situation;
  const after = moveSteps(plan, situation);
  if (departures.length === 0) return { before: [], after };
  const [renamed] = environments;
  if (renamed) return { before: [], after: live ? [] : [renaming(renamed, departures, situation)] };
  const leaving = departures.filter(({ state }) => state === 'leaving');
  const gone = departures.filter(({ state }) => state !== 'leaving');
  if (!syncConfig) return { before: live ? [] : [removal(gone, again)], after };
  return {
    before: [],
    after: [
      ...after,
      ...(leaving.length > 0 ? left(leaving, again) : []),
      ...(gone.length > 0 && !live ? [awaited(gone)] : []),
    ],
  };
}

/** A new tenant, then a removal. */
function renaming(
  one: Environment,
  departures: readonly Departure[],
  { again, folderOf }: Situation,
): Step {
  const namespace = namespaceOf(one);
  return {
    text: 'Do the same on the cluster: first the new environment, then the removal of the old one. This deletes the old namespace with its data:',
    commands: [shellCommand([...again, '--live'])],
    or: {
      text: 'Or by hand, in this order:',
      commands: [
        shellCommand(['kubectl', 'apply', '-f', folderOf(one.name)]),
        ready(namespace, syncNamesOf(one).kustomization),
        ...departures.map((old) => kubectlIn(old.namespace, 'get', 'persistentvolumeclaims')),
        ...deletions(departures),
      ],
    },
  };
}

/** The way from one app repo to another. The old sync must lose its power before it goes: it would delete the app. */
function moveSteps({ moves = [], syncConfig }: Plan, { again, live, folderOf }: Situation): Step[] {
  const [first] = moves;
  if (first === undefined || live) return [];
  const harmless = JSON.stringify({ spec: { suspend: true, deletionPolicy: 'Orphan' } });
  const orphaned = moves
    .filter(losesSync)
    .map(({ namespace, before: { kustomization } }) =>
      kubectlIn(
        namespace,
        'patch',
        KUSTOMIZATIONS,
        kustomization,
        '--type=merge',
        `--patch=${harmless}`,
      ),
    );
  const arrival = moves.flatMap(({ name, namespace, after }) => [
    ...(syncConfig ? [] : [shellCommand(['kubectl', 'apply', '-f', folderOf(name)])]),
    ready(namespace, after.kustomization),
  ]);
  const removed = moves.flatMap((move) => [
    ...(sameSource(move.before, move.after)
      ? []
      : [
          kubectlIn(
            move.namespace,
            'delete',
            SOURCE_RESOURCES[move.before.sourceKind],
            move.before.source,
          ),
        ]),
    ...(losesSync(move)
      ? [kubectlIn(move.namespace, 'delete', KUSTOMIZATIONS, move.before.kustomization)]
      : []),
    ...(move.secret === undefined
      ? []
      : [kubectlIn(move.namespace, 'delete', 'secret', move.secret, '--ignore-not-found')]),
  ]);
  return [
    {
      text: `${syncConfig ? 'When Flux has applied the commit, remove the old sync' : 'Move it on the cluster'}. The app runs on:`,
      commands: [shellCommand([...again, '--repo', first.to, '--move', '--live'])],
      or: {
        text: 'Or by hand, in this order. The old sync must not delete the app, so it is switched off first:',
        commands: syncConfig
          ? [...arrival, ...orphaned, ...removed]
          : [...orphaned, ...arrival, ...removed],
      },
    },
  ];
}

/** An adopted environment keeps the names of its objects, so Flux changes them in place. */
const losesSync = ({ before, after }: Move): boolean =>
  before.kustomization !== after.kustomization;

const sameSource = (one: SyncNames, other: SyncNames): boolean =>
  one.sourceKind === other.sourceKind && one.source === other.source;

/**
 * What is left on the cluster of environments that Flux reads in another way than before: the source of the other kind
 * goes on polling, also where the cluster follows the config repo. The Secrets go where Flux needs none any more.
 */
export function leftSourceSteps(
  { environments, moves = [], visibility }: Plan,
  found: FoundRecord | undefined,
): Step[] {
  const before = new Map(found?.environments.map((one) => [one.name, one]));
  const commands = environments.flatMap((one) => {
    const old = before.get(one.name);
    const isMoved = moves.some(({ name }) => name === one.name);
    // A namespace that goes takes everything along.
    if (old === undefined || isMoved || namespaceOf(old) !== namespaceOf(one)) return [];
    const wasPrivate = found?.estate.visibility === 'private';
    const needed = secretsOf(one, visibility === 'private');
    const secrets = secretsOf(old, wasPrivate).filter((name) => !needed.includes(name));
    const isOwn = visibility === 'private' && !isOci(one) && one.credentials === 'none';
    return leftObjects(syncNamesOf(old), syncNamesOf(one), isOwn ? [] : secrets, namespaceOf(one));
  });
  const text =
    'When Flux reads the new source, delete what it no longer needs. An old source goes on polling, and counts in the quota:';
  return commands.length === 0 ? [] : [{ text, commands }];
}

/** The Secrets that `one` names in its sync. */
const secretsOf = (one: Environment, isPrivate: boolean): string[] => [
  ...(gitCredentialsOf(one) === 'none' ? [] : [secretNameOf(one)]),
  ...(isOci(one) && isPrivate ? [pullSecretOf(one.repo)] : []),
  ...(isKeySigned(one) ? [keySecretOf(one.repo)] : []),
];

function leftObjects(
  old: SyncNames,
  now: SyncNames,
  secrets: readonly string[],
  namespace: string,
): string[] {
  const gone = ['delete', '--ignore-not-found'];
  const source = SOURCE_RESOURCES[now.sourceKind];
  return [
    ...(sameSource(old, now)
      ? []
      : [
          kubectlIn(
            namespace,
            ...['wait', `${source}/${now.source}`, '--for=condition=Ready', '--timeout=5m'],
          ),
          kubectlIn(namespace, ...gone, SOURCE_RESOURCES[old.sourceKind], old.source),
        ]),
    ...secrets.map((name) => kubectlIn(namespace, ...gone, 'secret', name)),
  ];
}

/** What comes when a new environment is ready that replaces another one. */
export const replacementSteps = ({ replaces }: Plan): Step[] =>
  replaces === undefined
    ? []
    : [
        {
          text: 'When the new environment is ready and has the data that it needs, remove the old one:',
          commands: [shellCommand(['flux-gitops', 'remove', replaces])],
        },
      ];

const ready = (namespace: string, sync: string): string =>
  kubectlIn(
    namespace,
    'wait',
    `${KUSTOMIZATIONS}/${sync}`,
    '--for=condition=Ready',
    '--timeout=5m',
  );

function removal(gone: readonly Departure[], again: readonly string[]): Step {
  return {
    text: 'Remove it from the cluster. This deletes the namespace and everything in it:',
    commands: [shellCommand([...again, '--live'])],
    or: {
      text: 'Or by hand, in this order. The sync goes first, while Flux may still delete the app:',
      commands: deletions(gone),
    },
  };
}

const deletions = (gone: readonly Departure[]): string[] =>
  gone.flatMap(({ namespace, kustomization }) => [
    ...(kustomization === undefined
      ? []
      : [kubectlIn(namespace, 'delete', KUSTOMIZATIONS, kustomization, '--ignore-not-found')]),
    kubectlIn(namespace, 'delete', KUSTOMIZATIONS, '--all'),
    shellCommand(['kubectl', 'delete', 'namespace', namespace]),
  ]);

/** The steps between the two runs that remove an environment from a cluster that follows the config repo. */
function left(leaving: readonly Departure[], again: readonly string[]): Step[] {
  return [
    {
      text: 'Wait until Flux has removed the app. The namespace stays:',
      commands: leaving.flatMap(({ namespace }) => [
        `kubectl wait ${shellWord(`namespace/${namespace}`)} --for=jsonpath=${shellWord(PRUNE)}=enabled --timeout=15m`,
        kubectlIn(namespace, 'get', 'all'),
      ]),
    },
    {
      text: 'Run the same command again. It takes the environment out of the files, and Flux then deletes the namespace with everything in it:',
      commands: [shellCommand(again)],
    },
  ];
}

function awaited(gone: readonly Departure[]): Step {
  return {
    text: 'Wait until Flux has deleted the namespace:',
    commands: gone.map(({ namespace }) =>
      shellCommand(['kubectl', 'wait', `namespace/${namespace}`, '--for=delete', '--timeout=15m']),
    ),
  };
}

/** What app repos that are not in this workspace must lose. */
export function surplusSteps({ surplus = [] }: Plan): Step[] {
  return [...Map.groupBy(surplus, ({ url }) => url)].map(([url, folders]) => {
    const repo = folders[0]?.repo ?? '';
    const names = folders.map(({ folder }) => folder);
    return {
      text: `${repo} is not here. Remove the folder in a clone of it:`,
      commands: [
        shellCommand(['git', 'clone', url]),
        shellCommand(['git', '-C', repo, 'rm', '-r', ...names]),
        `${shellCommand(['git', '-C', repo, 'commit', '--message', `Remove ${names.join(' ')}`])} && ${shellCommand(['git', '-C', repo, 'push'])}`,
      ],
    };
  });
}
