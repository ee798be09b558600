import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { earlierLayersOf } from '../lib/disk/base.ts';
import { type EARLIER_VERSIONS, earlierTemplatesOf } from '../lib/disk/package-files.ts';
import { readRecord } from '../lib/plan/record.ts';
import { blobId } from '../lib/render/git-text.ts';
import { layerRenderer } from '../lib/render/render.ts';
import { writeTree } from './sandbox.ts';

/** What an earlier version really wrote: its records, and the git id of each other file. */
export type EarlierEstate = {
  readonly records: { readonly [repo: string]: object };
  readonly files: { readonly [path: string]: string };
};

/** The estate of a version that recorded no hashes, as the file in test/earlier has it. */
export function earlierEstate(version: (typeof EARLIER_VERSIONS)[number]): EarlierEstate {
  const source = new URL(`earlier/${version}.json`, import.meta.url);
  return JSON.parse(readFileSync(source, 'utf8')) as EarlierEstate;
}

/** The path and text of every file of that estate: rendered from earlier/, with the records. */
export function earlierTree(version: (typeof EARLIER_VERSIONS)[number]): [string, string][] {
  const render = layerRenderer((layer) => earlierTemplatesOf(layer, version));
  return Object.entries(earlierEstate(version).records).flatMap(([repo, all]) => {
    const text = `${JSON.stringify(all, null, 2)}\n`;
    const { record } = readRecord(text, repo, []);
    if (!record) throw new Error(`test/earlier/${version}.json has no record of ${repo}`);
    return [
      ...earlierLayersOf(record)
        .flatMap(render)
        .map(({ path, contents }): [string, string] => [`${repo}/${path}`, contents]),
      [`${repo}/.yo-rc.json`, text] as [string, string],
    ];
  });
}

/** An estate between two versions, as a version of the templates of that time wrote it. */
const packed = (name: string): [string, string][] => {
  const source = new URL(`earlier-states/${name}.json.gz`, import.meta.url);
  return Object.entries(JSON.parse(gunzipSync(readFileSync(source)).toString()));
};

/** Earlier states of the templates, and what they wrote: the newest 0.1.0, and two states with hashes in the record. */
export const EARLIER_STATES: { readonly [state: string]: () => [string, string][] } = {
  '0.1.0': () => earlierTree('0.1.0-second'),
  'the first hashes': () => packed('first-hashes'),
  'the first overlays': () => packed('first-overlays'),
};

/** `tree` for another GitHub, owner and prefix, as if it had been written for them: with the hashes of the new texts. */
export function treeFor(
  tree: readonly [string, string][],
  { githubUrl, owner, prefix }: { githubUrl: string; owner: string; prefix: string },
): [string, string][] {
  const texts = tree.map(([path, text]): [string, string, string] => {
    const changed = text
      .replaceAll('https://github.com/octo-org', `${githubUrl}/${owner}`)
      .replaceAll('https://github.com/YOU', `${githubUrl}/YOU`)
      .replaceAll('"githubUrl": "https://github.com"', `"githubUrl": "${githubUrl}"`)
      .replaceAll('"owner": "octo-org"', `"owner": "${owner}"`)
      .replaceAll('fluxdemo', prefix);
    return [path, text, changed];
  });
  const hashes = new Map(texts.map(([, before, after]) => [blobId(before), blobId(after)]));
  const hashed = (text: string): string =>
    text.replace(/[0-9a-f]{40}/g, (hash) => hashes.get(hash) ?? hash);
  return texts.map(([path, , text]) => [path, path.endsWith('.yo-rc.json') ? hashed(text) : text]);
}

/** Writes the files of a state into `folder`, and commits each repository. Returns their names. */
export function writeEstate(folder: string, tree: readonly [string, string][]): string[] {
  writeTree(folder, tree);
  const repos = [...new Set(tree.map(([path]) => path.split('/')[0] ?? ''))];
  for (const repo of repos) {
    const git = (...words: string[]): void => {
      execFileSync('git', ['-C', join(folder, repo), ...words], { stdio: 'ignore' });
    };
    git('init', '--quiet', '--template=', '--initial-branch', 'main');
    git('add', '--all');
    const who = ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'gc.auto=0'];
    git(...who, 'commit', '--quiet', '--message', 'Add the estate');
    // Tests copy it often, and one pack is copied faster than many objects.
    git('repack', '-a', '-d', '-q');
  }
  return repos;
}
