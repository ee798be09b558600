import { branches, git, has } from './bare.ts';
import { sample, type Tree } from './description.ts';

/** A user or organization of the stand-in. */
export type Owner = {
  login: string;
  id: number;
  name: string | null;
  type: 'User' | 'Organization';
};

/** A repository of the stand-in; its git side is a bare repository on disk. */
export type Repo = {
  id: number;
  owner: Owner;
  name: string;
  description: string | null;
  private: boolean;
  template: boolean;
  topics: string[];
  archived: boolean;
  createdAt: Date;
  folder: string;
  defaultBranch: string | undefined;
};

/** A user as others see them. */
export function simpleUser({ login, id, type }: Owner, web: string): Tree {
  return {
    ...sample('simple-user'),
    login,
    id,
    type,
    html_url: `${web}/${login}`,
    url: `${web}/api/v3/users/${login}`,
  };
}

/** The answer of GET /user and GET /users/NAME. */
export function publicUser(owner: Owner, web: string): Tree {
  return {
    ...sample('public-user'),
    ...simpleUser(owner, web),
    name: owner.name,
    user_view_type: 'public',
  };
}

/** The answer of GET /orgs/NAME. */
export function organization({ login, id }: Owner, web: string, more: Tree): Tree {
  return {
    ...sample('organization-full'),
    login,
    id,
    type: 'Organization',
    html_url: `${web}/${login}`,
    ...more,
  };
}

/** The answer of GET /repos/OWNER/NAME and of both create requests; neither tells empty from full. */
export function fullRepository(repo: Repo, web: string): Tree {
  const full = `${repo.owner.login}/${repo.name}`;
  const date = repo.createdAt.toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    ...sample('full-repository'),
    id: repo.id,
    name: repo.name,
    full_name: full,
    owner: simpleUser(repo.owner, web),
    private: repo.private,
    visibility: repo.private ? 'private' : 'public',
    description: repo.description,
    html_url: `${web}/${full}`,
    clone_url: `${web}/${full}.git`,
    is_template: repo.template,
    topics: repo.topics,
    archived: repo.archived,
    default_branch: defaultBranch(repo),
    created_at: date,
    updated_at: date,
    pushed_at: date,
  };
}

/** As on GitHub: what was set, else the first branch, else main. */
export function defaultBranch(repo: Repo): string {
  const [first] = branches(repo.folder);
  return repo.defaultBranch ?? first?.name ?? 'main';
}

/** The answer of GET /repos/OWNER/NAME/commits/REF. */
export function commitBody(folder: string, sha: string, web: string): Tree {
  const [tree = '', ...parents] = git(folder, 'show', '-s', '--format=%T %P', sha)
    .trim()
    .split(' ');
  const part = (id: string) => ({ sha: id, url: `${web}/commits/${id}` });
  return {
    ...sample('commit'),
    sha,
    commit: {
      ...(sample('commit').commit as Tree),
      message: git(folder, 'show', '-s', '--format=%B', sha).trim(),
      tree: part(tree),
    },
    parents: parents.filter((parent) => parent !== '').map(part),
  };
}

/** The answer of GET /repos/OWNER/NAME/compare/BASE...HEAD; undefined when a commit is missing. */
export function comparison(folder: string, basehead: string, web: string): Tree | undefined {
  const [base = '', head = ''] = basehead.split('...');
  if (!has(folder, base) || !has(folder, head)) return undefined;
  const count = (range: string) => Number(git(folder, 'rev-list', '--count', range));
  const [ahead, behind] = [count(`${base}..${head}`), count(`${head}..${base}`)];
  const status =
    ahead > 0 ? (behind > 0 ? 'diverged' : 'ahead') : behind > 0 ? 'behind' : 'identical';
  const common = commitBody(folder, base, web);
  return {
    ...sample('commit-comparison'),
    base_commit: common,
    merge_base_commit: common,
    status,
    ahead_by: ahead,
    behind_by: behind,
    total_commits: ahead,
  };
}
