import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  branches,
  commitBody,
  comparison,
  fullRepository,
  git,
  type Owner,
  organization,
  publicUser,
  type Repo,
} from './bodies.ts';
import { checkAnswer, checkRequest, type Operation, operations, type Tree } from './description.ts';
import { type Fault, inject } from './faults.ts';
import type { StandIn } from './stand-in.ts';

type Reply = { status: number; body?: unknown; headers?: Record<string, string> };
type Call = { standIn: StandIn; values: string[]; body: Tree };

const docs = { documentation_url: 'https://docs.github.com/rest' };
const fail = (status: number, message: string, more: Tree = {}): Reply => ({
  status,
  body: { message, ...docs, ...more },
});
const NOT_FOUND = fail(404, 'Not Found', { status: '404' });

/** Answers one REST request, and notes everything in it that GitHub's description does not know. */
export async function answerApi(
  standIn: StandIn,
  request: IncomingMessage,
  response: ServerResponse,
  text: string,
  fault: Fault | undefined,
): Promise<void> {
  const url = new URL(request.url ?? '/', standIn.url);
  const path = url.pathname.slice('/api/v3'.length);
  const operation = operations.find((one) => one.method === request.method && one.path.test(path));
  const body = text === '' ? undefined : (JSON.parse(text) as Tree);
  if (operation === undefined) {
    standIn.violations.push(`unknown route ${request.method} ${path}`);
    return send(response, NOT_FOUND);
  }
  standIn.violations.push(...checkRequest(operation, body, url.searchParams));
  const values = (operation.path.exec(path) ?? []).slice(1).map(decodeURIComponent);
  const reply =
    refuseAccess(standIn, operation, request) ??
    route(operation, { standIn, values, body: body ?? {} });
  const documented =
    reply.status !== 429 && !(operation.name === 'POST /orgs/{org}/repos' && reply.status === 404);
  if (documented && !isPermission(reply))
    standIn.violations.push(...checkAnswer(operation, reply.status, reply.body));
  await standIn.watch(`${request.method} ${url.pathname}`, 'after');
  if (fault !== undefined) return inject(fault, request, response);
  send(response, { ...reply, headers: { ...scopes(standIn), ...reply.headers } });
}

/** 401 and 403 are documented once for all operations, not with each. */
function isPermission({ status }: Reply): boolean {
  return status === 401 || status === 403;
}

function scopes({ access }: StandIn): Record<string, string> {
  return access.kind === 'classic' ? { 'x-oauth-scopes': access.scopes } : {};
}

function refuseAccess(
  { access }: StandIn,
  { name }: Operation,
  request: IncomingMessage,
): Reply | undefined {
  const given = (request.headers.authorization ?? '').replace(/^(token|bearer) /i, '');
  if (given !== access.token) return fail(401, 'Bad credentials', { status: '401' });
  if (access.kind === 'actions' && name === 'GET /user')
    return fail(403, 'Resource not accessible by integration');
  return undefined;
}

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
  'GET /repos/{owner}/{repo}/compare/{basehead}': (call) =>
    withRepo(call, ({ folder }) => {
      const body = comparison(folder, call.values[2] ?? '', call.standIn.url);
      return body === undefined ? NOT_FOUND : ok(body);
    }),
};

function route({ name }: Operation, call: Call): Reply {
  const handler = ROUTES[name];
  if (handler === undefined) throw new Error(`no handler for ${name}`);
  return handler(call);
}

function ok(body: unknown): Reply {
  return { status: 200, body };
}

function viewer(standIn: StandIn): Owner {
  const found = standIn.findOwner(standIn.access.login);
  if (found === undefined) throw new Error(`no owner ${standIn.access.login}`);
  return found;
}

function getOrganization({ standIn, values: [login = ''] }: Call): Reply {
  const owner = standIn.findOwner(login);
  if (owner?.type !== 'Organization') return NOT_FOUND;
  if (standIn.policy.sso) {
    const url = `${standIn.url}/orgs/${owner.login}/sso?authorization_request=AAAA`;
    const message =
      'Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.';
    return { ...fail(403, message), headers: { 'x-github-sso': `required; url=${url}` } };
  }
  const { create: rights } = standIn.policy;
  return ok(
    organization(owner, standIn.url, { members_can_create_public_repositories: rights === 'all' }),
  );
}

function createInOrganization(call: Call): Reply {
  const {
    standIn,
    values: [login = ''],
    body,
  } = call;
  const owner = standIn.findOwner(login);
  if (owner?.type !== 'Organization') return NOT_FOUND;
  const { policy } = standIn;
  const visible = body.private !== true;
  if (policy.create === 'none' || (policy.create === 'private' && visible)) {
    return fail(403, 'You need admin access to the organization before adding a repository to it.');
  }
  if (!policy.visibility && visible) {
    const errors = [
      {
        resource: 'Repository',
        code: 'custom',
        field: 'visibility',
        message: "Visibility can't be public.",
      },
    ];
    return fail(422, 'Repository creation failed.', { errors });
  }
  return create(call, owner);
}

function create({ standIn, body }: Call, owner: Owner): Reply {
  const { access } = standIn;
  const held = access.scopes.split(', ');
  if (access.kind === 'classic' && !held.includes('repo') && !held.includes('public_repo'))
    return NOT_FOUND;
  if (access.kind === 'fine-grained' && access.scopes === '') {
    const headers = { 'x-accepted-github-permissions': 'administration=write' };
    return { ...fail(403, 'Resource not accessible by personal access token'), headers };
  }
  if (standIn.findRepo(owner.login, String(body.name)) !== undefined) {
    const errors = [
      {
        resource: 'Repository',
        code: 'custom',
        field: 'name',
        message: 'name already exists on this account',
      },
    ];
    return fail(422, 'Repository creation failed.', { errors });
  }
  const repo = standIn.addRepo(owner, String(body.name), {
    description: body.description ? String(body.description) : null,
    private: body.private === true,
    template: body.is_template === true,
  });
  if (body.auto_init === true) standIn.violations.push('a repository was not created empty');
  return { status: 201, body: fullRepository(repo, standIn.url) };
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
      body: { message: 'Moved Permanently', url, ...docs },
      headers: { location: url },
    };
  }
  return withRepo(call, (repo) => ok(fullRepository(repo, standIn.url)));
}

function withRepo(
  { standIn, values: [owner = '', name = ''] }: Call,
  answer: (repo: Repo) => Reply,
): Reply {
  const repo = standIn.findRepo(owner, name);
  if (repo === undefined || (repo.private && !standIn.access.scopes.split(', ').includes('repo')))
    return NOT_FOUND;
  if (standIn.apiLag > 0) {
    standIn.apiLag -= 1;
    return NOT_FOUND;
  }
  return answer(repo);
}

function update({ standIn, body }: Call, repo: Repo): Reply {
  const { default_branch: branch } = body;
  if (Object.keys(body).some((key) => key !== 'default_branch'))
    standIn.violations.push('settings were changed');
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

function branchBody({ url }: StandIn, name: string, sha: string): Tree {
  return { name, commit: { sha, url: `${url}/commits/${sha}` }, protected: false };
}

function send(response: ServerResponse, { status, body, headers }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(body));
}

/** The whole body of a request. */
export async function readBody(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}
