import { branches, git } from './bare.ts';
import { fullRepository, type Repo, simpleUser } from './bodies.ts';
import { sample, type Tree } from './description.ts';
import { type Call, fail, ok, type Reply } from './replies.ts';
import { viewer } from './routes-create.ts';
import type { Pull, World } from './world.ts';

/** The answer of GET /repos/OWNER/NAME/pulls: the pull requests of one branch into another. */
export function listPulls({ standIn, query }: Call, repo: Repo): Reply {
  const [owner = '', head = ''] = (query.get('head') ?? '').split(':');
  const found = standIn.pulls.filter(
    (pull) =>
      pull.repo === repo &&
      pull.state === (query.get('state') ?? 'open') &&
      (head === '' || (pull.head === head && owner === repo.owner.login)) &&
      (query.get('base') ?? pull.base) === pull.base,
  );
  return ok(found.map((pull) => pullBody(standIn, pull, 'pull-request-simple')));
}

/** Opens a pull request, as GitHub does: not twice, and not without commits. */
export function openPull({ standIn, body }: Call, repo: Repo): Reply {
  const { title, head, base, body: text = '' } = body as { [key: string]: string };
  const refuse = (message: string): Reply =>
    fail(422, 'Validation Failed', {
      errors: [{ resource: 'PullRequest', code: 'custom', message }],
    });
  if (standIn.access.kind === 'fine-grained' && !standIn.mayPull)
    return fail(403, 'Resource not accessible by personal access token');
  const there = branches(repo.folder).map(({ name }) => name);
  if (!head || !base || !there.includes(head) || !there.includes(base))
    return fail(422, 'Validation Failed', {
      errors: [{ resource: 'PullRequest', field: 'head', code: 'invalid' }],
    });
  const isOpen = (pull: Pull): boolean =>
    pull.repo === repo && pull.head === head && pull.base === base && pull.state === 'open';
  if (standIn.pulls.some(isOpen))
    return refuse(`A pull request already exists for ${repo.owner.login}:${head}.`);
  if (git(repo.folder, 'rev-list', '--count', `${base}..${head}`).trim() === '0')
    return refuse(`No commits between ${base} and ${head}`);
  const number = standIn.pulls.length + 1;
  const pull: Pull = { repo, number, title: title ?? '', body: text, head, base, state: 'open' };
  standIn.pulls.push(pull);
  return { status: 201, body: pullBody(standIn, pull, 'pull-request') };
}

function pullBody(standIn: World, pull: Pull, schema: string): Tree {
  const { repo, number, title, body, state } = pull;
  const page = `${standIn.url}/${repo.owner.login}/${repo.name}`;
  const full = fullRepository(repo, standIn.url);
  const side = (ref: string): Tree => ({
    label: `${repo.owner.login}:${ref}`,
    ref,
    sha: git(repo.folder, 'rev-parse', ref).trim(),
    repo: { ...sample('repository'), ...pick(full, Object.keys(sample('repository'))) },
    user: simpleUser(repo.owner, standIn.url),
  });
  return {
    ...sample(schema),
    number,
    title,
    body,
    state,
    html_url: `${page}/pull/${number}`,
    user: simpleUser(viewer(standIn), standIn.url),
    head: side(pull.head),
    base: side(pull.base),
  };
}

const pick = (tree: Tree, keys: readonly string[]): Tree =>
  Object.fromEntries(Object.entries(tree).filter(([key]) => keys.includes(key)));
