import { branches, git } from './bare.ts';
import { commitBody, comparison, fullRepository, publicUser, type Repo } from './bodies.ts';
import type { Operation, Tree } from './description.ts';
import { type Call, fail, NOT_FOUND, ok, type Reply } from './replies.ts';
import { create, createInOrganization, getOrganization, viewer } from './routes-create.ts';
import {
  addKey,
  deleteKey,
  getInstallation,
  listKeys,
  listReadable,
  metaBody,
} from './routes-keys.ts';
import { listPulls, openPull } from './routes-pulls.ts';
import type { World } from './world.ts';

const ROUTES: Record<string, (call: Call) => Reply> = {
  'GET /user': ({ standIn }) => ok(publicUser(viewer(standIn), standIn.url)),
  'GET /users/{username}': ({ standIn, values: [login = ''] }) => {
    const owner = standIn.findOwner(login);
    return owner === undefined ? NOT_FOUND : ok(publicUser(owner, standIn.url));
  },
  'GET /orgs/{org}': getOrganization,
  'POST /user/repos': (call) => create(call, viewer(call.standIn)),
  'POST /orgs/{org}/repos': createInOrganization,
  'GET /repos/{owner}/{repo}': getRepo,
  'PATCH /repos/{owner}/{repo}': (call) => withRepo(call, (repo) => update(call, repo)),
  'GET /repos/{owner}/{repo}/branches': (call) =>
    withRepo(call, ({ folder }) =>
      ok(branches(folder).map(({ name, sha }) => branchBody(call.standIn, name, sha))),
    ),
  'PUT /repos/{owner}/{repo}/topics': (call) => withRepo(call, (repo) => setTopics(call, repo)),
  'GET /repos/{owner}/{repo}/topics': (call) =>
    withRepo(call, ({ topics }) => ok({ names: topics })),
  'GET /repos/{owner}/{repo}/commits/{ref}': (call) =>
    withRepo(call, (repo) => getCommit(call, repo)),
  'GET /repos/{owner}/{repo}/pulls': (call) => withRepo(call, (repo) => listPulls(call, repo)),
  'POST /repos/{owner}/{repo}/pulls': (call) => withRepo(call, (repo) => openPull(call, repo)),
  'GET /repos/{owner}/{repo}/compare/{basehead}': (call) =>
    withRepo(call, ({ folder }) => {
      const body = comparison(folder, call.values[2] ?? '', call.standIn.url);
      return body === undefined ? NOT_FOUND : ok(body);
    }),
  'GET /meta': ({ standIn }) => ok(metaBody(standIn)),
  'GET /repos/{owner}/{repo}/keys': (call) => withAdmin(call, (repo) => listKeys(call, repo)),
  'POST /repos/{owner}/{repo}/keys': (call) => withAdmin(call, (repo) => addKey(call, repo)),
  'DELETE /repos/{owner}/{repo}/keys/{key_id}': (call) =>
    withAdmin(call, (repo) => deleteKey(call, repo)),
  'GET /repos/{owner}/{repo}/installation': getInstallation,
  'GET /user/repos': listReadable,
};

/** Deploy keys are shown only to who administers the repository. */
function withAdmin(call: Call, answer: (repo: Repo) => Reply): Reply {
  return call.caller === 'user' ? withRepo(call, answer) : NOT_FOUND;
}

/** What the stand-in answers to a call of `operation`. */
export function route({ name }: Operation, call: Call): Reply {
  const handler = ROUTES[name];
  if (handler === undefined) throw new Error(`no handler for ${name}`);
  return handler(call);
}

function getRepo(call: Call): Reply {
  const {
    standIn,
    values: [owner = '', name = ''],
  } = call;
  const moved = standIn.renamed.get(`${owner}/${name}`.toLowerCase());
  if (moved !== undefined && standIn.findRepo(owner, name) === undefined) {
    const url = `${standIn.url}/api/v3/repos/${moved.owner.login}/${moved.name}`;
    return {
      status: 301,
      body: {
        message: 'Moved Permanently',
        url,
        documentation_url: 'https://docs.github.com/rest',
      },
      headers: { location: url },
    };
  }
  return withRepo(call, (repo) => ok(fullRepository(repo, standIn.url)));
}

function withRepo(
  { standIn, values: [owner = '', name = ''], caller }: Call,
  answer: (repo: Repo) => Reply,
): Reply {
  const repo = standIn.findRepo(owner, name);
  if (typeof caller === 'object' && 'repos' in caller && repo?.private)
    return caller.repos.includes(repo.name) ? answer(repo) : NOT_FOUND;
  if (repo === undefined || (repo.private && !standIn.access.scopes.split(', ').includes('repo')))
    return NOT_FOUND;
  if (standIn.apiLag > 0) {
    standIn.apiLag -= 1;
    return NOT_FOUND;
  }
  return answer(repo);
}

function update({ standIn, body }: Call, repo: Repo): Reply {
  const { default_branch: branch, is_template: template, archived } = body;
  const known = ['default_branch', 'is_template', 'archived'];
  if (Object.keys(body).some((key) => !known.includes(key)))
    standIn.violations.push('settings were changed');
  if (template === true) repo.template = true;
  if (archived === true) repo.archived = true;
  if (typeof branch === 'string') {
    if (!branches(repo.folder).some(({ name }) => name === branch))
      return fail(422, 'Validation Failed');
    repo.defaultBranch = branch;
  }
  return ok(fullRepository(repo, standIn.url));
}

function setTopics({ body }: Call, repo: Repo): Reply {
  const names = body.names as string[];
  if (names.some((name) => !/^[a-z0-9][a-z0-9-]{0,49}$/.test(name))) {
    return fail(422, 'Validation Failed', {
      errors: [{ resource: 'Topic', code: 'invalid', field: 'name' }],
    });
  }
  repo.topics = names;
  return ok({ names });
}

function getCommit({ standIn, values: [, , ref = ''] }: Call, repo: Repo): Reply {
  const found = branches(repo.folder).length > 0;
  if (!found) return fail(409, 'Git Repository is empty.');
  try {
    return ok(
      commitBody(
        repo.folder,
        git(repo.folder, 'rev-parse', '--verify', `${ref}^{commit}`).trim(),
        standIn.url,
      ),
    );
  } catch {
    return fail(422, `No commit found for SHA: ${ref}`);
  }
}

function branchBody({ url }: World, name: string, sha: string): Tree {
  return { name, commit: { sha, url: `${url}/commits/${sha}` }, protected: false };
}
