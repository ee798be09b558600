/** What stays on GitHub from credentials that Flux does not read with any more: what no run of this command removes. */
import { formerTexts } from '../disk/git-stages.ts';
import { RECORD_FILE, type RepoRecord, readRecord } from '../plan/record.ts';
import { appKeyPage, tokenPage } from '../plan/values/secret-commands.ts';
import type { LivePlace } from './cluster.ts';
import type { Fields } from './secret.ts';
import { keyedSourcesOf, type Source } from './sources.ts';

/** The notes about tokens and keys of Apps in the Secrets of `live` that the new `fields` replace. */
export function replacedNotes(
  { owner, repo, web }: Source,
  live: readonly LivePlace[],
  fields: Fields,
): string[] {
  const isReplaced = (field: string): boolean =>
    live.some(
      ({ held }) => held?.fields[field] !== undefined && held.fields[field] !== fields[field],
    );
  const name = `${owner}/${repo}`;
  // Beside a key, this field is the password of the key.
  const hadToken =
    isReplaced('password') && live.some(({ held }) => held?.fields.identity === undefined);
  return [
    ...(hadToken
      ? [
          `the token before it still reads ${name}. Revoke it, when Flux reads without it: ${tokenPage(web)}`,
        ]
      : []),
    ...(isReplaced('githubAppPrivateKey')
      ? [
          `the private key of the GitHub App before it is still valid for ${name}. Delete it, when Flux reads without it: ${appKeyPage(web)}`,
        ]
      : []),
  ];
}

/**
 * The notes about repositories that Flux read with a deploy key in an earlier version of the record, as git has it in
 * `folder`, and that the estate does not have any more: they left it, or have another owner now.
 */
export function formerRepositoryNotes(record: RepoRecord, folder: string): string[] {
  const known = new Set(keyedSourcesOf(record).map(({ web }) => web.toLowerCase()));
  const found = new Map<string, Source>();
  for (const text of formerTexts(folder, RECORD_FILE)) {
    const { record: before } = readRecord(text, RECORD_FILE, []);
    const keyed = before === undefined ? [] : keyedSourcesOf(before);
    for (const source of keyed.filter(({ neededBy }) => neededBy.length > 0))
      if (!known.has(source.web.toLowerCase())) found.set(source.web.toLowerCase(), source);
  }
  return [...found.values()].map(
    ({ owner, repo, web }) =>
      `${owner}/${repo} was a repository of this estate, and its deploy keys were not looked at: ${web}/settings/keys`,
  );
}
