import { hasPolicies, RECORD_FILE } from '../../plan/record.ts';
import { blobId, sidesOf } from '../../render/git-text.ts';
import { aboutFile, type EstateFiles, type Finding, listAt, type RepoFiles } from '../model.ts';
import { byHandIn } from '../read/by-hand.ts';
import { isApplied, type Parser } from '../read/estate.ts';

/** The files of the config repo against its record: what is missing, edited, unknown or not listed. */
export function checkFiles(files: EstateFiles, parse: Parser): Finding[] {
  const { config, apps, environments } = files;
  const records = [...(config ? [config] : []), ...apps.values()].flatMap(checkRecord);
  if (config === undefined) return records;
  const byHand = byHandIn(files);
  const names = environments.map(({ name }) => name);
  const written = names.filter((name) => !byHand.environments.has(name));
  return [
    ...records,
    ...notChecked(config, [...byHand.environments]),
    ...written.flatMap((name) => checkPair(config, name)),
    ...checkGuards(config),
    ...checkUnrecorded(config, new Set(names)),
    ...(byHand.has(SYNC_LIST) ? [] : checkSyncList(config, written, parse)),
  ];
}

function notChecked({ name: repo }: RepoFiles, environments: readonly string[]): Finding[] {
  if (environments.length === 0) return [];
  const message = `a user wrote the files of ${environments.join(', ')} by hand`;
  const hint = `To have files that verify checks: flux-gitops tenant ${environments.join(' ')} --take-over`;
  return [{ ...aboutFile('environment-not-checked', repo, RECORD_FILE, message), hint }];
}

/** A record with a conflict is readable, because this package joins both sides. The cluster never sees it. */
function checkRecord({ name, files }: RepoFiles): Finding[] {
  const text = files.get(RECORD_FILE) ?? '';
  if (sidesOf(text) === undefined) return [];
  const line = text.slice(0, text.indexOf('<<<<<<<')).split('\n').length;
  const message = 'the record contains a conflict that git could not merge';
  return [
    {
      ...aboutFile('conflict-markers', name, RECORD_FILE, message, line),
      hint: 'Join both sides: flux-gitops --yes',
    },
  ];
}

/** The list of what Flux applies where the cluster follows the config repo. */
export const SYNC_LIST = 'kustomization.yaml';

const PAIR = ['1_tenant.yaml', '2_sync.yaml'];

function checkPair(config: RepoFiles, environment: string): Finding[] {
  return PAIR.filter((file) => !config.files.has(`${environment}/${file}`)).map((file) => {
    const message = `${environment}/${file} does not exist, but .yo-rc.json lists the environment ${environment}`;
    return {
      ...aboutFile('tenant-incomplete', config.name, `${environment}/${file}`, message),
      environment,
    };
  });
}

function checkGuards({ name, record, files }: RepoFiles): Finding[] {
  if (record === undefined || !hasPolicies(record)) return [];
  return [...(record.written ?? [])].flatMap(([path, hashes]) => {
    if (!/^policies\/.*\.yaml$/.test(path)) return [];
    const text = files.get(path);
    if (text === undefined)
      return [aboutFile('guard-missing', name, path, `${path} does not exist`)];
    if (hashes.includes(blobId(text))) return [];
    return [
      aboutFile('guard-edited', name, path, `${path} differs from the file that was written`),
    ];
  });
}

function checkUnrecorded({ name, files }: RepoFiles, known: ReadonlySet<string>): Finding[] {
  const seen = new Set(known);
  return [...files.keys()].sort().flatMap((path) => {
    const [, environment = ''] = /^([^/]+)\/[12]_(?:tenant|sync)\.yaml$/.exec(path) ?? [];
    if (environment === '' || seen.has(environment)) return [];
    seen.add(environment);
    const message = `${path} belongs to the environment ${environment}, which .yo-rc.json does not list`;
    return [{ ...aboutFile('tenant-unrecorded', name, path, message), environment }];
  });
}

/** The list of what Flux applies, in an estate where the cluster follows the config repo. */
function checkSyncList(
  config: RepoFiles,
  environments: readonly string[],
  parse: Parser,
): Finding[] {
  const path = SYNC_LIST;
  if (!config.files.has(path)) return [];
  const parsed = parse(config, path);
  if (parsed.problem) return [parsed.problem];
  const resources = parsed.others.flatMap(({ value }) => listAt(value, 'resources')).map(String);
  const listed = new Set(resources.map((one) => one.replace(/^\.\//, '').replace(/\/$/, '')));
  const broken = [...listed].filter(
    (one) =>
      !/^[a-z+]+:\/\//.test(one) &&
      !config.files.has(one) &&
      ![...config.files.keys()].some((file) => file.startsWith(`${one}/`)),
  );
  const needed = [...config.files.keys()].filter(
    (file) =>
      isApplied(file) &&
      (environments.includes(file.split('/')[0] ?? '') || file.startsWith('policies/')),
  );
  return [
    ...broken.map((one) =>
      aboutFile(
        'sync-list-broken',
        config.name,
        path,
        `accumulating resources from '${one}': no such file or directory`,
        lineWith(config, path, one),
      ),
    ),
    ...needed
      .filter((file) => !listed.has(file) && !listed.has(file.split('/')[0] ?? ''))
      .map((file) =>
        aboutFile('sync-list-incomplete', config.name, path, `resources does not list ${file}`),
      ),
  ];
}

function lineWith({ files }: RepoFiles, path: string, text: string): number {
  const lines = (files.get(path) ?? '').split('\n');
  return Math.max(1, lines.findIndex((line) => line.includes(text)) + 1);
}
