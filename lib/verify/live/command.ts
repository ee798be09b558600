/** The flag `--live` of `verify`. */
import { connectToRead } from '../../cluster/context.ts';
import type { Problem } from '../../errors.ts';
import type { Prepared as Run } from '../../prepared.ts';
import type { Given } from '../../settings/arguments.ts';
import type { Location } from '../read/read-estate.ts';
import type { More } from '../verify-estate.ts';
import { compareLive } from './live.ts';

/** What is wrong with the flag about the cluster. */
export function liveProblems({ switches }: Given, isConfig: boolean): Problem[] {
  if (!switches.live || isConfig) return [];
  return [
    {
      given: '--live in an app repo',
      rule: '--live compares the cluster with the config repo, so it needs the config repo',
      example: 'flux-gitops verify --live --into ../flux-demo',
      flag: '--into',
      settings: ['live', 'into'],
    },
  ];
}

/**
 * Connects to the cluster if the run has `--live`. Returns what compares an estate with it; undefined without `--live`.
 * Throws a UserError if the cluster does not answer, or if it is another one than the last time.
 */
export async function openComparison(
  { given, terminal, asks }: Run,
  { config, folderOf }: Location,
): Promise<More | undefined> {
  if (!given.switches.live || config === undefined) return undefined;
  const kubectl = await connectToRead(
    {
      folder: folderOf(config.name),
      context: given.texts.context?.at(-1),
      purpose: 'compare it with the files, and change nothing',
      asks,
    },
    terminal,
  );
  return (prepared) => compareLive(prepared, { kubectl, say: terminal.say, now: Date.now() });
}
