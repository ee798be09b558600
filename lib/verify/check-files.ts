import { hasPolicies } from '../plan/record.ts';
import { blobId } from '../render/git-text.ts';
import { isApplied, type Parser } from './estate.ts';
import { aboutFile, type EstateFiles, type Finding, listAt, type RepoFiles } from './model.ts';

/** The files of the config repo against its record: what is missing, edited, unknown or not listed. */
export function checkFiles({ config, environments }: EstateFiles, parse: Parser): Finding[] {
  if (config === undefined) return [];
  return [
    ...environments.flatMap(({ name }) => checkPair(config, name)),
    ...checkGuards(config),
    ...checkUnrecorded(config, new Set(environments.map(({ name }) => name))),
    ...checkSyncList(
      config,
      environments.map(({ name }) => name),
      parse,
    ),
  ];
}

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
  const path = 'kustomization.yaml';
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
