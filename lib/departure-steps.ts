/** What a person does on the cluster after environments left an estate, or moved to another app repo. */

import type { Departure, Plan } from './plan/plan.ts';
import { shellCommand, shellWord } from './render/quoting.ts';
import type { Step } from './step.ts';

/** The full name of Flux's Kustomizations: another API group has a kind of the same name. */
const KUSTOMIZATIONS = 'kustomizations.kustomize.toolkit.fluxcd.io';
/** The annotation that says whether Flux may delete an object that a commit removes. */
const PRUNE = String.raw`{.metadata.annotations.kustomize\.toolkit\.fluxcd\.io/prune}`;

/**
 * The steps for the departures of `plan`: those before the push, and those after it. `again` is the command line of
 * the run, which `--live` completes.
 */
export function departureSteps(
  { departures = [], syncConfig }: Plan,
  again: readonly string[],
  live: boolean,
): { before: Step[]; after: Step[] } {
  const leaving = departures.filter(({ state }) => state === 'leaving');
  const gone = departures.filter(({ state }) => state !== 'leaving');
  if (departures.length === 0) return { before: [], after: [] };
  if (!syncConfig) return { before: live ? [] : [removal(gone, again)], after: [] };
  return {
    before: [],
    after: [
      ...(leaving.length > 0 ? left(leaving, again) : []),
      ...(gone.length > 0 && !live ? [awaited(gone)] : []),
    ],
  };
}

function removal(gone: readonly Departure[], again: readonly string[]): Step {
  return {
    text: 'Remove it from the cluster. This deletes the namespace and everything in it:',
    commands: [shellCommand([...again, '--live'])],
    or: {
      text: 'Or by hand, in this order. The sync goes first, while Flux may still delete the app:',
      commands: gone.flatMap(({ namespace, repo }) => [
        ...(repo === undefined
          ? []
          : [kubectl(namespace, 'delete', KUSTOMIZATIONS, repo, '--ignore-not-found')]),
        kubectl(namespace, 'delete', KUSTOMIZATIONS, '--all'),
        shellCommand(['kubectl', 'delete', 'namespace', namespace]),
      ]),
    },
  };
}

/** The steps between the two runs that remove an environment from a cluster that follows the config repo. */
function left(leaving: readonly Departure[], again: readonly string[]): Step[] {
  return [
    {
      text: 'Wait until Flux has removed the app. The namespace stays:',
      commands: leaving.flatMap(({ namespace }) => [
        `kubectl wait ${shellWord(`namespace/${namespace}`)} --for=jsonpath=${shellWord(PRUNE)}=enabled --timeout=15m`,
        kubectl(namespace, 'get', KUSTOMIZATIONS, '--output', 'wide'),
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

const kubectl = (namespace: string, ...words: readonly string[]): string =>
  shellCommand(['kubectl', '--namespace', namespace, ...words]);
