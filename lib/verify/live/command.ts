/** The flags `--live` and `--context` of `verify`. */
import { connectToRead } from '../../cluster/context.ts';
import type { Problem } from '../../errors.ts';
import type { Prepared as Run } from '../../prepared.ts';
import type { Given } from '../../settings/arguments.ts';
import type { Location } from '../read/read-estate.ts';
import type { More } from '../verify-estate.ts';
import { compareLive } from './live.ts';

/** What is wrong with the flags about the cluster. */
export function liveProblems({ switches, texts }: Given, isConfig: boolean): Problem[] {
  const problems: Problem[] = [];
  if (texts.context && !switches.live)
    problems.push({
      given: '--context without --live',
      rule: 'only --live uses the cluster',
      example: '--live --context kind-flux',
      flag: '--live',
      settings: ['live', 'context'],
    });
  if (switches.live && !isConfig)
    problems.push({
      given: '--live in an app repo',
      rule: '--live compares the cluster with the config repo, so it needs the config repo',
      example: 'flux-gitops verify --live --into ../flux-demo',
      flag: '--into',
      settings: ['live', 'into'],
    });
  return problems;
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
