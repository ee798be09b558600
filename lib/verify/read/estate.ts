import { type Environment, namespaceOf } from '../../plan/estate.ts';
import {
  aboutFile,
  at,
  type Estate,
  type EstateFiles,
  type Finding,
  type Manifest,
  type RepoFiles,
  type Sync,
  type Tenant,
  textAt,
} from '../model.ts';
import { byHandIn } from './by-hand.ts';
import { type Parsed, parseFile } from './parse.ts';

/** Each file of an estate, parsed when it is first needed, and never again. */
export type Parser = (repo: RepoFiles, path: string) => Parsed;

/** A parser of files, which remembers what it parsed. kubectl applies the files of the repository `byKubectl`. */
export function parserOf(byKubectl?: RepoFiles): Parser & { readonly count: () => number } {
  const parsed = new Map<string, Parsed>();
  const parse: Parser = (repo, path) => {
    const key = `${repo.name}/${path}`;
    const applier = repo === byKubectl ? 'kubectl' : 'flux';
    const text = repo.files.get(path) ?? '';
    const found = parsed.get(key) ?? parseFile(repo.name, path, text, applier);
    parsed.set(key, found);
    return found;
  };
  return Object.assign(parse, { count: () => parsed.size });
}

/** The folders of a config repo with files for Helm, kind, Terraform and GitHub. */
const NO_MANIFESTS = /^(install|\.[^/]+)\//;

/** Whether the file at `path` of a config repo has manifests that are applied to the cluster. */
export const isApplied = (path: string): boolean =>
  /\.ya?ml$/.test(path) && !NO_MANIFESTS.test(path) && !/(^|\/)kustomization\.ya?ml$/.test(path);

/** The manifests of the estate, and what prevents reading them. */
export function openEstate(
  files: EstateFiles,
  parse: Parser,
): { readonly estate: Estate; readonly findings: readonly Finding[] } {
  const { config } = files;
  if (config === undefined) return { estate: { files, config: [], tenants: [] }, findings: [] };
  const manifests: Manifest[] = [];
  const findings: Finding[] = [];
  const byHand = byHandIn(files);
  const paths = [...config.files.keys()].filter((path) => isApplied(path) && !byHand.has(path));
  for (const path of paths.sort()) {
    const parsed = parse(config, path);
    if (parsed.problem) findings.push(parsed.problem);
    manifests.push(...parsed.manifests);
    for (const { line } of parsed.others)
      findings.push(
        aboutFile(
          'not-a-manifest',
          config.name,
          path,
          `error: unable to decode "${path}": Object 'Kind' is missing, or metadata.name is`,
          line,
        ),
      );
  }
  const byFolder = Map.groupBy(manifests, ({ path }) => path.split('/')[0] ?? '');
  const tenants = files.environments
    .filter(({ name }) => !byHand.environments.has(name))
    .map((environment) => tenantOf(environment, byFolder.get(environment.name) ?? []));
  return { estate: { files, config: manifests, tenants }, findings };
}

function tenantOf(environment: Environment, manifests: readonly Manifest[]): Tenant {
  const namespace = namespaceOf(environment);
  const syncs = manifests
    .filter(
      ({ kind, apiVersion }) =>
        kind === 'Kustomization' && apiVersion.startsWith('kustomize.toolkit.fluxcd.io/'),
    )
    .map((manifest): Sync => {
      const reference = at(manifest.value, 'spec', 'sourceRef');
      const source = manifests.find(
        (one) =>
          one.kind === textAt(reference, 'kind') &&
          one.name === textAt(reference, 'name') &&
          one.namespace === (textAt(reference, 'namespace') ?? manifest.namespace),
      );
      return {
        ...{ manifest, source, name: manifest.name, appRepo: environment.repo },
        path: textAt(manifest.value, 'spec', 'path') ?? '',
        targetNamespace: textAt(manifest.value, 'spec', 'targetNamespace'),
        account: textAt(manifest.value, 'spec', 'serviceAccountName'),
      };
    });
  return { environment, namespace, manifests, syncs };
}
