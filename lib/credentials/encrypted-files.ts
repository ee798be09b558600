/** The encrypted Secrets in the config repo. Flux decrypts and applies them, so that nobody hands them over. */
import { mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseDocument } from 'yaml';
import { checkFile, isLink } from '../disk/folders.ts';
import { readIfThere } from '../disk/workspace.ts';
import { inputError, type Problem } from '../errors.ts';
import { recipientsOf } from '../plan/record.ts';
import { encryptedFileOf } from '../plan/values/layout.ts';
import { linesLike } from '../render/git-text.ts';
import { withResource } from '../render/kustomization-list.ts';
import { shellCommand } from '../render/quoting.ts';
import type { RunContext } from './run-context.ts';
import { encrypt, isEncrypted } from './sops.ts';
import type { Place, Source } from './sources.ts';

/** The annotation that says which key is in an encrypted Secret. */
const KEY = 'flux-gitops/key';
const LIST = 'kustomization.yaml';

/** A Secret for one environment, before it is encrypted. */
export type Delivery = {
  readonly environment: string;
  readonly secret: object;
  readonly fingerprint: string | undefined;
};

/** The places of `sources` that have an encrypted Secret in the config repo at `folder`. */
export function placesWithFile(sources: readonly Source[], folder: string): Place[] {
  return sources
    .flatMap(({ places }) => places)
    .filter(({ environment }) => environment && fileIn(folder, environment) !== undefined);
}

const fileIn = (folder: string, environment: string): string | undefined =>
  readIfThere(join(folder, encryptedFileOf(environment)));

/** The fingerprints of the deploy keys in the encrypted Secrets of `source`, and the files that have each. */
export function fingerprintsInFiles({ places }: Source, folder: string): Map<string, string[]> {
  const files = new Map<string, string[]>();
  for (const { environment = '' } of placesWithFile([{ places } as Source], folder)) {
    const found = parseDocument(fileIn(folder, environment) ?? '').getIn([
      ...['metadata', 'annotations', KEY],
    ]);
    if (typeof found === 'string')
      files.set(found, [...(files.get(found) ?? []), encryptedFileOf(environment)]);
  }
  return files;
}

/** Throws a UserError if the config repo at `folder` cannot get the files of `places`; before any key is made. */
export function checkFiles(places: readonly Place[], folder: string): void {
  const problems: Problem[] = [];
  checkFile(folder, LIST, problems);
  for (const { environment = '' } of places) {
    const path = encryptedFileOf(environment);
    checkFile(folder, path, problems);
    const found = problems.length === 0 ? fileIn(folder, environment) : undefined;
    if (found !== undefined && !isEncrypted(found))
      problems.push({
        given: path,
        rule: 'this command writes this file, but sops did not encrypt the file that is there',
        example: `git mv ${path} ${environment}/own-secret.yaml`,
        flag: path,
      });
  }
  if (problems.length > 0) throw inputError(problems);
}

/**
 * Encrypts `deliveries`, writes them into the config repo of `run`, and adds them to the list of what Flux applies. All
 * of them are encrypted before the first is written. Returns the paths that changed.
 */
export async function writeEncrypted(
  deliveries: readonly Delivery[],
  { record, folder, say }: RunContext,
): Promise<string[]> {
  const files = new Map<string, string>();
  for (const { environment, secret, fingerprint } of deliveries) {
    const path = encryptedFileOf(environment);
    files.set(path, await encrypt(named(secret, fingerprint), recipientsOf(record), path));
  }
  for (const [path, text] of files) {
    const isThere = readIfThere(join(folder, path)) !== undefined;
    put(join(folder, path), text);
    say(isThere ? `~ replaced ${path} with a new one` : `+ wrote ${path}`);
  }
  const listed = addToList([...files.keys()], folder, say);
  return [...files.keys(), ...(listed ? [LIST] : [])];
}

function named(secret: object, fingerprint: string | undefined): object {
  if (fingerprint === undefined) return secret;
  const { metadata } = secret as { readonly metadata?: object };
  return { ...secret, metadata: { ...metadata, annotations: { [KEY]: fingerprint } } };
}

/** Replaces the file at `path` in one move. A link stays a link. */
function put(path: string, text: string): void {
  const target = isLink(path) ? realpathSync(path) : path;
  const part = `${target}.${process.pid}.part`;
  mkdirSync(dirname(target), { recursive: true });
  try {
    writeFileSync(part, text, { flag: 'wx' });
    renameSync(part, target);
  } finally {
    rmSync(part, { force: true });
  }
}

/** Adds `paths` to the list of what Flux applies. Returns whether the list changed. */
function addToList(paths: readonly string[], folder: string, say: (text: string) => void): boolean {
  const found = readIfThere(join(folder, LIST));
  let text = found;
  for (const path of paths) text = text === undefined ? undefined : withResource(text, path);
  if (text === undefined)
    say(`! ${LIST} has no list of resources. Add to it what Flux must apply: ${paths.join(', ')}`);
  if (text === undefined || found === undefined || text === found) return false;
  put(join(folder, LIST), linesLike(found, text));
  say(`~ ${LIST} lists ${paths.join(', ')}`);
  return true;
}

/** How a person hands the changed `paths` over to Flux. */
export function pushSteps(paths: readonly string[], { folder, record }: RunContext): string {
  const git = (...words: string[]): string => shellCommand(['git', '-C', folder, ...words]);
  return [
    `Next: commit and push ${record.name}. Flux then decrypts and applies the Secrets.`,
    `  ${git('add', ...paths)}`,
    `  ${git('commit', '-m', 'Replace the credentials of Flux', '--', ...paths)}`,
    `  ${git('push')}`,
  ].join('\n');
}
