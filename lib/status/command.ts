/** The command `status`: one table of the living estate. */
import { isDeepStrictEqual } from 'node:util';
import { rememberedContext } from '../cluster/context.ts';
import { connect, type Kubectl } from '../cluster/kubectl.ts';
import type { Workspace } from '../disk/workspace.ts';
import { type Problem, quote } from '../errors.ts';
import { notInEstate } from '../plan/outside.ts';
import type { RepoRecord } from '../plan/record.ts';
import type { Action, Outcome, Prepared } from '../prepared.ts';
import { listed } from '../render/wrap.ts';
import type { Given } from '../settings/arguments.ts';
import { meantBy } from '../settings/closest.ts';
import { readSetting } from '../settings/resolve.ts';
import { settingsOf } from '../settings/settings.ts';
import { lookOf } from '../terminal.ts';
import { statusDocument } from './document.ts';
import type { Row } from './model.ts';
import { openReader } from './read.ts';
import { placesOf, rowsOf } from './rows.ts';
import { statusTable } from './table.ts';
import type { Place } from './verdict.ts';
import { watch } from './watch.ts';

export const status: Action = { check, run };

/** Every problem of the flags, the environments and the folder. */
function check(given: Given, { home, folder }: Workspace): Problem[] {
  const problems: Problem[] = [];
  for (const key of settingsOf('status'))
    for (const text of given.texts[key] ?? []) readSetting(key, text, problems);
  if (home?.record === undefined) return [...problems, notInEstate(folder, 'flux-gitops status')];
  const known = placesOf({ record: home.record, chosen: [] }).map(({ name }) => name);
  const unknown = given.positionals.filter((word) => !known.includes(word));
  return [...problems, ...unknown.map((word) => noEnvironment(word, known))];
}

function noEnvironment(word: string, known: readonly string[]): Problem {
  const example = meantBy(word, known) ?? known[0] ?? '';
  return {
    given: `argument ${quote(word)}`,
    rule: `this estate has no such environment. It has ${known.length > 0 ? listed(known) : 'none'}`,
    example: `flux-gitops status ${example}`.trimEnd(),
    flag: 'the arguments',
    settings: ['arguments'],
  };
}

/** Prints the state of the estate once, or again and again. Throws a UserError if the cluster cannot be read. */
async function run({ given, terminal, open }: Prepared): Promise<Outcome> {
  const { home, folderOf } = open();
  const record = home?.record;
  if (record === undefined) throw new Error('check has refused a folder without a record');
  const isJson = given.switches.json === true;
  const kubectl = await connect(given.texts.context?.at(-1));
  terminal.say(clusterText(kubectl, rememberedContext(folderOf(record.name))));
  const chosen = given.positionals;
  const placesNow = (): Place[] => placesOf({ record: open().home?.record ?? record, chosen });
  const readerOf = (all: readonly Place[]) =>
    openReader(
      kubectl,
      all.map(({ namespace }) => namespace),
      chosen.length > 0,
    );
  let places = placesNow();
  let read = readerOf(places);
  // Another run can add or remove environments during a watch.
  const look = async (): Promise<Row[]> => {
    const now = placesNow();
    if (!isDeepStrictEqual(now, places)) read = readerOf(now);
    places = now;
    return rowsOf(places, await read());
  };
  const json = (rows: readonly Row[]): object => statusDocument(kubectl, places, rows);
  if (given.switches.watch)
    return watch(
      { look, json: (rows) => JSON.stringify(json(rows)), place: `Context ${kubectl.context}.` },
      { isJson, stream: process.stdout },
    );
  const rows = await look();
  return { text: textOf(rows, record), json: json(rows), exitCode: 0 };
}

function textOf(rows: readonly Row[], { name }: RepoRecord): string {
  if (rows.length === 0) return `${name} has no environments.`;
  return statusTable(rows, { ...lookOf(process.stdout), now: Date.now() }).join('\n');
}

/** Which cluster it is, and whether that may be a surprise. */
function clusterText({ context, server }: Kubectl, before: string | undefined): string {
  const text = `On the cluster of context ${context} (${server}).`;
  return before === undefined || before === context
    ? text
    : `${text} The last command that changed this estate used the context ${before}.`;
}
