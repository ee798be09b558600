import { sourceUrl } from '../plan/estate.ts';
import { pullSecretOf } from '../plan/values/oci.ts';
import {
  appRepoName,
  branchName,
  githubUrl,
  OWNER_IN_ADDRESS,
  ownerName,
  registryUrl,
  SSH_OF_GITHUB,
  sshUrl,
} from '../settings/rules.ts';
import type { Credentials, SettingKey, SharedSettings } from '../settings/settings.ts';
import { type Manifest, textAt } from './manifests.ts';

/** What the source of an environment says. */
export type ReadSource = {
  readonly repo: string;
  readonly owner: string;
  readonly githubUrl: string;
  readonly settings: Partial<SharedSettings>;
  /** The place of each setting in the manifest. */
  readonly places: readonly (readonly [SettingKey, ...string[]])[];
  /** The address that this package writes with these settings for the environment `name`. */
  readonly usualUrl: (name: string) => string;
  /** The fields of `spec` that this package writes with these settings, besides those of every source. */
  readonly fields: readonly string[];
  /** Whether Flux reads it with a Secret; the name of the one for a git repository. */
  readonly isPrivate: boolean;
  readonly secret?: string;
};

/**
 * What `source` says, with the help of `marks`. Returns a sentence if an environment cannot follow such a source.
 */
export function readSource(source: Manifest, marks: Marks): ReadSource | string {
  return source.kind === 'OCIRepository' ? readArtifact(source, marks) : readGit(source, marks);
}

/** What other files say about an environment. */
export type Marks = {
  /** The web address of the owner, as the Namespace of a hardened tenant has it. */
  readonly owner: string | undefined;
  /** The web address of the owner of an app repo, as the README of the config repo links to it. */
  readonly linkTo: (repo: string) => string | undefined;
};

const WEB = /^(https?:\/\/[^/]+)\/([^/]+)$/;

function readGit(source: Manifest, marks: Marks): ReadSource | string {
  const other = otherRef(source);
  if (other !== undefined) return `it follows the ${other}, and an environment follows a branch`;
  const url = textAt(source, 'spec', 'url') ?? '';
  const [, scheme = '', user = '', host = '', owner = '', repo = ''] =
    /^(https?|ssh):\/\/(?:([^/@:]+)@)?([^/@]+)\/([^/]+)\/([^/]+?)(?:\.git)?\/?$/.exec(url) ?? [];
  const web = githubUrl.read(
    scheme === 'ssh'
      ? webOf(host, owner, marks.owner ?? marks.linkTo(repo))
      : `${scheme}://${user ? '' : host}`,
  );
  const problem = problemOf(url, web, owner, repo);
  if (problem !== undefined || web === undefined) return problem ?? '';
  const secret = textAt(source, 'spec', 'secretRef', 'name');
  const isPrivate = secret !== undefined;
  const isApp = textAt(source, 'spec', 'provider') === 'github';
  const kinds: Credentials[] =
    scheme === 'ssh' ? ['deploy-key'] : isApp ? ['github-app'] : ['token'];
  const [credentials = 'none'] = isPrivate ? kinds : [];
  const ssh = sshUrl.read(`ssh://${user}@${host}`);
  const isUsual = ssh === `ssh://git@${new URL(web).hostname}`;
  const own =
    credentials === 'deploy-key' && ssh !== undefined
      ? { sshUrl: isUsual ? SSH_OF_GITHUB : ssh }
      : {};
  const branch = textAt(source, 'spec', 'ref', 'branch') ?? 'master';
  const settings = { credentials, source: 'git', branch, ...own } as const;
  const all = { sshUrl: SSH_OF_GITHUB, ...settings, githubUrl: web, owner } as SharedSettings;
  return {
    ...{ repo, owner, githubUrl: web, settings, isPrivate },
    ...(secret !== undefined && { secret }),
    places: [
      ['branch', 'spec', 'ref'],
      ...(isPrivate ? [['credentials', 'spec', 'secretRef'] as const] : []),
      ...('sshUrl' in own && !isUsual ? [['sshUrl', 'spec', 'url'] as const] : []),
    ],
    usualUrl: () => {
      const usual = sourceUrl(all, repo);
      // GitHub has a repository at both addresses, so the shorter one is no loss. Other servers may not.
      return url === `${usual}.git` && web === 'https://github.com' ? url : usual;
    },
    fields: [
      ...(isPrivate ? ['secretRef'] : []),
      ...(credentials === 'github-app' ? ['provider'] : []),
    ],
  };
}

/** The web address of the server that `host` is the ssh address of. `known` is a web address of the owner. */
function webOf(host: string, owner: string, known = ''): string {
  const [, web = '', marked = ''] = WEB.exec(known) ?? [];
  const name = host.replace(/:\d+$/, '').replace(/^ssh\.(github\.com)$/, '$1');
  return marked.toLowerCase() === owner.toLowerCase() && marked !== '' ? web : `https://${name}`;
}

function problemOf(
  url: string,
  web: string | undefined,
  owner: string,
  repo: string,
): string | undefined {
  const rule =
    web === undefined
      ? 'an app repo must be at https://HOST/OWNER/REPO or ssh://git@HOST/OWNER/REPO'
      : ownerName.read(owner) === undefined
        ? ownerName.rule
        : appRepoName.read(repo) === undefined
          ? appRepoName.rule
          : undefined;
  return rule === undefined ? undefined : `${JSON.stringify(withoutPassword(url))}: ${rule}`;
}

/** `url` without a user and a password, which may be a secret. */
const withoutPassword = (url: string): string => url.replace(/\/\/[^/@]*@/, '//***@');

function otherRef(source: Manifest): string | undefined {
  for (const key of ['commit', 'name', 'semver', 'tag']) {
    const value = textAt(source, 'spec', 'ref', key);
    if (value !== undefined) return `${key} ${value}`;
  }
  const branch = textAt(source, 'spec', 'ref', 'branch') ?? 'master';
  return branchName.read(branch) === undefined ? `branch ${JSON.stringify(branch)}` : undefined;
}

/** The regular expression for the workflow that signs artifacts, without the backslashes. */
const SIGNER =
  /^\^(https?:\/\/[^/]+)\/\(\?i:([^/]+)\/[^/]+\)\/\.github\/workflows\/push\.yaml@refs\/heads\/(.+)\$$/;

/** An artifact as this package has it: signed, with the tag `latest`, at REGISTRY/REPO/ENV. */
function readArtifact(source: Manifest, marks: Marks): ReadSource | string {
  const url = textAt(source, 'spec', 'url') ?? '';
  const [, address = '', repo = ''] = /^(oci:\/\/.+)\/([^/]+)\/[^/]+$/.exec(url) ?? [];
  const secret = textAt(source, 'spec', 'verify', 'secretRef', 'name');
  const identity = ['spec', 'verify', 'matchOIDCIdentity', 0, 'subject'] as const;
  const subject = textAt(source, ...identity)?.replace(/\\(.)/g, '$1') ?? '';
  const [, signed, signer, branch] = SIGNER.exec(subject) ?? [];
  const [, marked, markedOwner] = WEB.exec(marks.owner ?? marks.linkTo(repo) ?? '') ?? [];
  const owner = signer ?? markedOwner;
  const web = githubUrl.read(signed ?? marked ?? '');
  if (textAt(source, 'spec', 'ref', 'tag') !== 'latest')
    return 'an environment follows the tag latest of an artifact';
  if (appRepoName.read(repo) === undefined)
    return 'an artifact of an environment must be at oci://REGISTRY/REPO/ENV';
  if (owner === undefined || web === undefined || (secret === undefined && signed === undefined))
    return 'an artifact of an environment must be signed by the workflow push.yaml of its app repo, or with a key. Then the Namespace or the README of the config repo must name the owner';
  const parts = address
    .split('/')
    .map((part) => (part === owner.toLowerCase() ? OWNER_IN_ADDRESS : part));
  const registry = registryUrl.read(parts.join('/'));
  if (registry === undefined) return registryUrl.rule;
  const signature = signed === undefined ? 'key' : 'keyless';
  const isPrivate = textAt(source, 'spec', 'secretRef', 'name') === pullSecretOf(repo);
  return {
    ...{ repo, owner, githubUrl: web, isPrivate },
    settings: {
      ...{ source: 'oci', registry, signature },
      ...(branch !== undefined && { branch }),
    },
    places: [
      ...(branch === undefined ? [] : [['branch', 'spec', 'verify'] as const]),
      ...(['source', 'registry'] as const).map((key) => [key, 'spec', 'url'] as const),
      ['signature', 'spec', 'verify'],
    ],
    usualUrl: (name) => `${address}/${repo}/${name}`,
    fields: ['verify', ...(isPrivate ? ['secretRef'] : [])],
  };
}
