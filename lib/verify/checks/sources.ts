import { repositoryUrl, secretNameOf, sourceUrl } from '../../plan/estate.ts';
import {
  artifactOf,
  gitCredentialsOf,
  isGithubRegistry,
  isOci,
  pullSecretOf,
} from '../../plan/values/oci.ts';
import { regularExpression } from '../admission/cel.ts';
import {
  ARTIFACTS_FILE,
  contentOf,
  folderOf,
  hasFolder,
  ignoreOf,
  pushedTo,
} from '../build/flux-source.ts';
import {
  about,
  at,
  type Estate,
  type Finding,
  listAt,
  type Manifest,
  objectAt,
  type RepoFiles,
  type Sync,
  type Tenant,
  textAt,
} from '../model.ts';

/** Whether Flux can fetch the source of `sync`, and finds the folder there. */
export function checkSource(estate: Estate, { environment }: Tenant, sync: Sync): Finding[] {
  const { files } = estate;
  const { manifest, source } = sync;
  if (source === undefined) {
    const reference = at(manifest.value, 'spec', 'sourceRef');
    const message = `${textAt(reference, 'kind')}.source.toolkit.fluxcd.io "${textAt(reference, 'name')}" not found in ${manifest.path.split('/')[0]}/`;
    return [about('source-missing', manifest, message, ['spec', 'sourceRef'])];
  }
  const isArtifact = source.kind === 'OCIRepository';
  // Other sources belong to the user: nothing says what they must contain.
  if (isArtifact ? !isOci(environment) : source.kind !== 'GitRepository') return [];
  const url = textAt(source.value, 'spec', 'url') ?? '';
  const wanted = isArtifact ? artifactOf(environment) : sourceUrl(environment, environment.repo);
  if (isArtifact ? url !== wanted : pathOfUrl(url) !== pathOfUrl(wanted)) {
    const message = `spec.url is ${url}, but the app repo of ${environment.name} is ${wanted}`;
    return [about('source-url', source, message, ['spec', 'url'])];
  }
  const access = [...checkAccess(source, estate, environment), ...checkSignature(source)];
  const app = files.apps.get(environment.repo);
  if (app === undefined) {
    const message = `${environment.repo} is not beside ${files.config?.name}`;
    return [...access, about('app-repo-missing', source, message, ['spec', 'url'])];
  }
  const origin = isArtifact ? checkArtifact(source, app, environment) : checkBranch(source, app);
  return [...access, ...(origin.length > 0 ? origin : checkPath(app, sync))];
}

type Environment = Tenant['environment'];

/** The Secret with which Flux reads a private source. */
function checkAccess(source: Manifest, { files }: Estate, environment: Environment): Finding[] {
  const { value } = source;
  const isArtifact = source.kind === 'OCIRepository';
  const isNeeded = isArtifact
    ? // Other registries may let Flux pull without a Secret.
      files.config?.record?.estate.visibility === 'private' && isGithubRegistry(environment)
    : gitCredentialsOf(environment) !== 'none';
  if (!isNeeded || textAt(value, 'spec', 'secretRef', 'name') !== undefined) return [];
  if (isArtifact && textAt(value, 'spec', 'serviceAccountName') !== undefined) return [];
  const secret = isArtifact ? pullSecretOf(environment.repo) : secretNameOf(environment);
  const message = `spec.secretRef is missing: Flux reads the private ${isArtifact ? 'artifact' : 'repository'} of ${environment.name} with the Secret ${secret}`;
  const finding = about('secret-reference-missing', source, message, ['spec']);
  const hint = 'Restore spec.secretRef: flux-gitops tenant ENV --force';
  return [isArtifact ? { ...finding, hint } : finding];
}

/** Whether Flux checks who signed an artifact. */
function checkSignature(source: Manifest): Finding[] {
  const { value, kind } = source;
  if (kind !== 'OCIRepository') return [];
  const identities = listAt(value, 'spec', 'verify', 'matchOIDCIdentity');
  if (identities.length > 0 || textAt(value, 'spec', 'verify', 'secretRef', 'name')) return [];
  const message =
    'spec.verify names neither an identity nor a Secret with public keys: Flux applies artifacts that anyone may have signed, or nobody';
  const field = at(value, 'spec', 'verify') === undefined ? ['spec'] : ['spec', 'verify'];
  return [about('signature-unchecked', source, message, field)];
}

/** What Flux checks out: the first one of these that is given, or else a branch. */
const OTHER_REFS = ['commit', 'name', 'semver', 'tag'];

function checkBranch(source: Manifest, app: RepoFiles): Finding[] {
  const ref = objectAt(source.value, 'spec', 'ref');
  const other = OTHER_REFS.find((key) => ref[key] !== undefined);
  const tag = textAt(ref, 'tag');
  const missing = (what: string, field: string): Finding[] => {
    const message = `failed to checkout and determine revision: unable to clone '${textAt(source.value, 'spec', 'url')}': couldn't find remote ref "refs/${what}"`;
    return [about('branch-missing', source, message, ['spec', 'ref', field])];
  };
  if (other === 'tag' && tag !== undefined && app.tags !== undefined && !app.tags.includes(tag))
    return missing(`tags/${tag}`, 'tag');
  if (other !== undefined) {
    const message = `Flux applies what spec.ref.${other} names. The files here can be others`;
    const hint = 'Check out the same revision in REPO, and run the command again.';
    return [{ ...about('build-not-checked', source, message, ['spec', 'ref', other]), hint }];
  }
  // Without a branch, Flux looks for this one.
  const branch = textAt(ref, 'branch') ?? 'master';
  return hasBranch(app, branch) ? [] : missing(`heads/${branch}`, 'branch');
}

const hasBranch = ({ branches }: RepoFiles, branch: string): boolean =>
  branches === undefined || branches.includes(branch);

/** Whether the workflow of the app repo pushes the artifact, from a branch that exists, and signs it as Flux expects. */
function checkArtifact(source: Manifest, app: RepoFiles, environment: Environment): Finding[] {
  const field = ['spec', 'url'];
  // Without the list, something else pushes the artifact.
  if (!app.files.has(ARTIFACTS_FILE)) return [];
  const url = textAt(source.value, 'spec', 'url') ?? '';
  const pushed = pushedTo(app, url);
  if (pushed === undefined) {
    const message = `no line of ${ARTIFACTS_FILE} in ${app.name} has the artifact ${url}`;
    return [about('artifact-missing', source, message, field)];
  }
  if (!hasBranch(app, pushed.branch)) {
    const message = `the artifact ${url} is pushed from the branch ${pushed.branch} of ${app.name}, which does not exist`;
    return [about('branch-missing', source, message, field)];
  }
  return checkSigner(source, app, environment, pushed.branch);
}

function checkSigner(
  source: Manifest,
  app: RepoFiles,
  environment: Environment,
  branch: string,
): Finding[] {
  const subjects = listAt(source.value, 'spec', 'verify', 'matchOIDCIdentity').map(
    (one) => textAt(one, 'subject') ?? '',
  );
  const identity = `${repositoryUrl(environment, app.name)}/.github/workflows/push.yaml@refs/heads/${branch}`;
  if (subjects.length === 0 || subjects.some((subject) => matches(subject, identity))) return [];
  const message = `spec.verify accepts ${subjects.join(' and ')}, but ${identity} signs the artifact`;
  return [about('signer-mismatch', source, message, ['spec', 'verify'])];
}

/** Whether `subject` matches `identity`; also if this program cannot read it. */
function matches(subject: string, identity: string): boolean {
  try {
    return regularExpression(subject).test(identity);
  } catch (error) {
    if (error instanceof SyntaxError) return true;
    throw error;
  }
}

function checkPath(app: RepoFiles, sync: Sync): Finding[] {
  const folder = folderOf(sync.path);
  const content = contentOf(app, sync);
  if (hasFolder(content, ignoreOf(sync), sync.path)) return [];
  const { files } = content;
  const where = files.size < app.files.size ? `the artifact of ${app.name}` : app.name;
  const isThere = [...files.keys()].some((path) => path.startsWith(`${folder}/`));
  const what = isThere
    ? `.sourceignore or spec.ignore leaves out ${sync.path}`
    : `${sync.path} is no folder of ${where}`;
  const message = `kustomization path not found: ${what}`;
  return [about('path-missing', sync.manifest, message, ['spec', 'path'])];
}

/** OWNER/REPO of a URL, whatever its scheme. */
const pathOfUrl = (url: string): string =>
  url
    .replace(/^[a-z+]+:\/\/[^/]*\//, '')
    .replace(/\.git$/, '')
    .toLowerCase();
