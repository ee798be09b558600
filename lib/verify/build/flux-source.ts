import ignore from 'ignore';
import { listAt, objectAt, type RepoFiles, type Sync, textAt } from '../model.ts';

/** What Flux would build for a sync: these files as they are, or these folders and files with kustomize. */
export type Selection =
  | { readonly way: 'missing' }
  | { readonly way: 'plain'; readonly files: readonly string[]; readonly leftOut?: string }
  | { readonly way: 'kustomize'; readonly resources: readonly string[] };

/** The names that kustomize knows for its file. */
export const KUSTOMIZATION_FILES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/** The fields that a kustomization.yaml can have. */
export const KUSTOMIZATION_FIELDS = new Set([
  ...['apiVersion', 'kind', 'metadata', 'openapi', 'namePrefix', 'nameSuffix', 'namespace'],
  ...['commonLabels', 'labels', 'commonAnnotations', 'patchesStrategicMerge', 'patchesJson6902'],
  ...['patches', 'images', 'imageTags', 'replacements', 'replicas', 'vars', 'sortOptions'],
  ...['resources', 'components', 'crds', 'bases', 'configMapGenerator', 'secretGenerator'],
  ...['helmGlobals', 'helmCharts', 'helmChartInflationGenerator', 'generatorOptions'],
  ...['configurations', 'generators', 'transformers', 'validators', 'buildMetadata'],
]);

// The defaults of the source-controller; the first four hold always, the others while a source has no patterns of its own.
const GIT_FILES = ['.git/', '.gitignore', '.gitmodules', '.gitattributes'];
const USUAL = [
  ...['*.jpg', '*.jpeg', '*.gif', '*.png', '*.wmv', '*.flv', '*.tar.gz', '*.zip'],
  ...['.github/', '.circleci/', '.travis.yml', '.gitlab-ci.yml', 'appveyor.yml', '.drone.yml'],
  ...['cloudbuild.yaml', 'codeship-services.yml', 'codeship-steps.yml'],
  ...['**/.goreleaser.yml', '**/.sops.yaml', '**/.flux.yaml'],
];

/** The list of what the workflow of an app repo pushes as artifacts. */
export const ARTIFACTS_FILE = '.github/artifacts';

/** A line of ARTIFACTS_FILE: the branch, and the folders of the repository that are in the artifact. */
export type Pushed = { readonly branch: string; readonly folders: readonly string[] };

/** What the workflow of `app` pushes to `address`; undefined when its list has no such artifact. */
export function pushedTo(app: RepoFiles, address: string): Pushed | undefined {
  for (const line of (app.files.get(ARTIFACTS_FILE) ?? '').split(/\r?\n/)) {
    const [branch = '', artifact, ...folders] = line.trim().split(/\s+/);
    if (!branch.startsWith('#') && artifact === address) return { branch, folders };
  }
  return undefined;
}

/** The address of the artifact that `sync` follows; undefined when it follows no artifact. */
export const artifactOfSync = ({ source }: Sync): string | undefined =>
  source?.kind === 'OCIRepository' ? (textAt(source.value, 'spec', 'url') ?? '') : undefined;

/** The files of `app` that Flux gets for `sync`: of an artifact, only the folders that are in it. */
export function contentOf(app: RepoFiles, sync: Sync): RepoFiles {
  const address = artifactOfSync(sync);
  const folders = address === undefined ? undefined : pushedTo(app, address)?.folders;
  if (folders === undefined) return app;
  const prefixes = folders.map(folderOf).map((folder) => (folder === '' ? '' : `${folder}/`));
  const isIn = (path: string): boolean => prefixes.some((prefix) => path.startsWith(prefix));
  return { ...app, files: new Map([...app.files].filter(([path]) => isIn(path))) };
}

/** What the patterns of a source say about paths: those of many environments are the same. */
type Matcher = ReturnType<typeof ignore>;
const MATCHERS = new WeakMap<RepoFiles['files'], Map<string | undefined, Matcher>>();

function matcherOf(app: RepoFiles, spec: string | undefined): Matcher {
  const known = MATCHERS.get(app.files) ?? new Map<string | undefined, Matcher>();
  MATCHERS.set(app.files, known);
  const found = known.get(spec) ?? newMatcher(app, spec);
  known.set(spec, found);
  return found;
}

function newMatcher(app: RepoFiles, spec: string | undefined): Matcher {
  const own = [...app.files]
    .filter(([path]) => path === '.sourceignore' || path.endsWith('/.sourceignore'))
    .flatMap(([path, text]) => patternsBelow(path.slice(0, -'.sourceignore'.length), text));
  if (spec !== undefined) own.push(...patternsBelow('', spec));
  return ignore({ ignorecase: false }).add([...GIT_FILES, ...(own.length > 0 ? own : USUAL)]);
}

/** The paths of `app` that Flux keeps for a source with the patterns `spec.ignore`. It keeps no symbolic links. */
export function keptPaths(app: RepoFiles, spec: string | undefined): ReadonlySet<string> {
  const matcher = matcherOf(app, spec);
  const { files, links } = app;
  return new Set([...files.keys()].filter((path) => !links?.has(path) && !matcher.ignores(path)));
}

/** Whether Flux gets the folder `path` of `app`: it exists, and the patterns `spec.ignore` do not name it. */
export function hasFolder(app: RepoFiles, spec: string | undefined, path: string): boolean {
  const folder = folderOf(path);
  if (folder === '') return true;
  const isThere = [...app.files.keys()].some((one) => one.startsWith(`${folder}/`));
  return isThere && !matcherOf(app, spec).ignores(`${folder}/`);
}

/** The patterns in `text`, a list for the folder `folder`, as patterns of the repository. */
function patternsBelow(folder: string, text: string): string[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'));
  if (folder === '') return lines;
  return lines.map((line) => {
    const [, not = '', pattern = ''] = /^(!?)(.*)$/.exec(line) ?? [];
    const anchored = pattern.slice(0, -1).includes('/');
    return `${not}/${folder}${anchored ? pattern.replace(/^\//, '') : `**/${pattern}`}`;
  });
}

/** The patterns of the source of `sync`, if it has any. */
export const ignoreOf = ({ source }: Sync): string | undefined =>
  textAt(source?.value, 'spec', 'ignore');

/** `spec.path` of a sync as a folder of the repository, which it cannot leave; empty for the repository itself. */
export function folderOf(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/'))
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  return parts.join('/');
}

/** What Flux selects in the folder of a sync from the `kept` paths of the app repo. */
export function select(
  app: RepoFiles,
  kept: ReadonlySet<string>,
  path: string,
  spec?: string,
): Selection {
  const folder = folderOf(path);
  const prefix = folder === '' ? '' : `${folder}/`;
  if (!hasFolder(app, spec, path)) return { way: 'missing' };
  const below = [...kept].filter((one) => one.startsWith(prefix)).sort();
  if (KUSTOMIZATION_FILES.some((name) => kept.has(prefix + name)))
    return { way: 'kustomize', resources: [folder === '' ? '.' : folder] };
  const folders = foldersWithKustomization(below, prefix);
  const files = below.filter(
    (one) => /\.ya?ml$/.test(one) && !folders.some((inner) => one.startsWith(`${inner}/`)),
  );
  if (folders.length > 0) return { way: 'kustomize', resources: [...files, ...folders] };
  const leftOut = KUSTOMIZATION_FILES.find((name) => app.files.has(prefix + name));
  return { way: 'plain', files, ...(leftOut && { leftOut: prefix + leftOut }) };
}

/** The outermost folders below `prefix` with a kustomization.yaml. */
function foldersWithKustomization(paths: readonly string[], prefix: string): string[] {
  const found: string[] = [];
  for (const path of paths) {
    const cut = path.lastIndexOf('/');
    if (cut < prefix.length || !KUSTOMIZATION_FILES.includes(path.slice(cut + 1))) continue;
    found.push(path.slice(0, cut));
  }
  return found.filter((one) => !found.some((other) => one.startsWith(`${other}/`)));
}

/** Steps of `sync` that `verify` does not repeat. */
export function unknownSteps({ manifest }: Sync): string[] {
  const spec = objectAt(manifest.value, 'spec');
  return [
    ...(listAt(spec, 'components').length > 0 ? ['spec.components'] : []),
    ...(spec.decryption === undefined ? [] : ['spec.decryption']),
    ...(spec.kubeConfig === undefined ? [] : ['spec.kubeConfig']),
  ];
}

/** The kustomization.yaml in the folder of `sync`, if there is one among the `kept` paths. Flux reads it, and writes it again. */
export function rootKustomization(kept: ReadonlySet<string>, { path }: Sync): string | undefined {
  const folder = folderOf(path);
  const prefix = folder === '' ? '' : `${folder}/`;
  return KUSTOMIZATION_FILES.map((name) => prefix + name).find((one) => kept.has(one));
}
