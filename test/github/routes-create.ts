import { fullRepository, type Owner, organization } from './bodies.ts';
import { type Call, fail, NOT_FOUND, ok, type Reply } from './replies.ts';
import type { World } from './world.ts';

/** Whose token it is. */
export function viewer(standIn: World): Owner {
  const found = standIn.findOwner(standIn.access.login);
  if (found === undefined) throw new Error(`no owner ${standIn.access.login}`);
  return found;
}

/** GET /orgs/NAME. */
export function getOrganization({ standIn, values: [login = ''] }: Call): Reply {
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

/** POST /orgs/NAME/repos. */
export function createInOrganization(call: Call): Reply {
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

/** POST /user/repos, and what both create requests have in common. */
export function create({ standIn, body }: Call, owner: Owner): Reply {
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
  standIn.creations += 1;
  if (body.auto_init === true) standIn.violations.push('a repository was not created empty');
  return { status: 201, body: fullRepository(repo, standIn.url) };
}
