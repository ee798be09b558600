import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply, theCluster } from '../check.ts';
import { running } from '../demo.ts';
import { configPath, namespaceOf, profiles } from '../estate.ts';
import { applied, reconcile, reported } from '../expect.ts';
import { serveGithubApp } from '../github-app.ts';
import { kubectl } from '../kube.ts';
import { applyPolicies, policiesApply, refusal } from '../policies.ts';
import {
  give,
  keyFields,
  type PrivateEstate,
  privateEstate,
  tokenFields,
} from '../private-estate.ts';
import { type Key, makeKey, makePkcs8Key } from '../private-git.ts';
import { explained } from '../readme.ts';

const skip = theCluster().kind === 'foreign' && 'the private git server is on loopback';
const repos = { dev: 'shop', stage: 'web', prod: 'web' };

/** Applies namespaces, Secrets and syncs in the order of the README. */
async function applyInOrder(
  { estate }: PrivateEstate,
  secrets: Record<string, object>,
): Promise<void> {
  const envs = Object.keys(secrets);
  const tenants = envs.flatMap((env) => ['-f', configPath(estate, env, '1_tenant.yaml')]);
  await kubectl(estate.cluster, ['apply', ...tenants]);
  for (const [env, fields] of Object.entries(secrets)) await give(estate, env, fields);
  await apply(estate, ...envs);
}

async function allRun({ estate, commits }: PrivateEstate): Promise<void> {
  for (const env of Object.keys(estate.repos))
    await applied(estate, env, commits[estate.repos[env] ?? ''] ?? '');
  for (const env of Object.keys(estate.repos)) await running(estate, env);
}

for (const profile of profiles)
  test(`Flux reads private repositories with one deploy key each, and two environments with the same (${profile})`, {
    skip,
  }, async (t) => {
    const made = await privateEstate(t, { profile, credentials: 'deploy-key', repos });
    const { estate, git } = made;
    const [shop, web] = [makeKey(), makeKey()];
    git.allow(shop.identityPub, `${estate.owner}/shop`);
    git.allow(web.identityPub, `${estate.owner}/web`);
    const fields = (key: Key) => keyFields(key, git.knownHosts);
    await applyInOrder(made, { dev: fields(shop), stage: fields(web), prod: fields(web) });
    await allRun(made);
  });

test('Flux reads private repositories with a token for each', { skip }, async (t) => {
  const made = await privateEstate(t, { profile: 'hardened', credentials: 'token', repos });
  const { estate, git } = made;
  git.allow('for-shop', `${estate.owner}/shop`);
  git.allow('for-web', `${estate.owner}/web`);
  const [shop, web] = [tokenFields('for-shop'), tokenFields('for-web')];
  await applyInOrder(made, { dev: shop, stage: web, prod: web });
  await allRun(made);
});

test('Flux reads private repositories as a GitHub App', { skip }, async (t) => {
  const envs = { dev: 'shop', key: 'shop', token: 'shop', gone: 'shop' };
  const wishes = { profile: 'hardened', credentials: 'github-app', repos: envs } as const;
  const { estate, git, commits } = await privateEstate(t, wishes);
  const app = await serveGithubApp((token) => git.allow(token, `${estate.owner}/shop`));
  const other = await serveGithubApp(() => undefined);
  t.after(() => Promise.all([app.close(), other.close()]));
  const fields = {
    githubAppID: app.appId,
    githubAppInstallationID: app.installationId,
    githubAppPrivateKey: app.privateKey,
    githubAppBaseURL: app.apiUrl,
  };
  await applyInOrder(
    { estate, git, commits },
    {
      dev: fields,
      key: { ...fields, githubAppPrivateKey: other.privateKey },
      token: tokenFields('anything'),
      gone: { ...fields, githubAppInstallationID: '1' },
    },
  );
  await applied(estate, 'dev', commits.shop ?? '');
  assert.ok(app.tokens.length > 0);
  const faults = {
    key: { says: /access_tokens: 401/ },
    token: { says: /github app data must be specified/ },
    gone: { says: /access_tokens: 404/ },
  };
  await faulty({ estate, git, commits }, faults, (line) => t.diagnostic(line));
});

test('a hardened tenant uses the repositories of its owner by https and by ssh, and by no other spelling', {
  skip,
}, async (t) => {
  const made = await privateEstate(t, {
    profile: 'hardened',
    credentials: 'deploy-key',
    repos: { dev: 'shop' },
  });
  const { estate, git, commits } = made;
  const { owner } = estate;
  const key = makeKey();
  git.allow(key.identityPub, `${owner}/shop`);
  await applyPolicies(t, estate);
  await applyInOrder(made, { dev: keyFields(key, git.knownHosts) });
  await applied(estate, 'dev', commits.shop ?? '');
  const namespace = namespaceOf(estate, 'dev');
  await policiesApply(estate, namespace);
  const about = (url: string) =>
    refusal(estate.cluster, namespace, {
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind: 'GitRepository',
      metadata: { name: 'more', namespace },
      spec: {
        interval: '1m',
        url,
        ignore: 'kustomization.yaml\nkustomization.yml\nKustomization\n',
        secretRef: { name: 'git-shop' },
      },
    });
  const [ssh, web] = [`${git.sshUrl}/${owner}`, `${git.url}/${owner}`];
  for (const url of [`${ssh}/shop`, `${ssh}/shop.git`, `${web}/shop`, `${web}/shop.git`])
    assert.equal(await about(url), '', url);
  const host = new URL(git.sshUrl).host;
  const others = [
    `ssh://GIT@${host}/${owner}/shop`,
    `ssh://root@${host}/${owner}/shop`,
    `ssh://${host}/${owner}/shop`,
    `ssh://git:word@${host}/${owner}/shop`,
    `ssh://git@127.0.0.1/${owner}/shop`,
    `ssh://git@127.0.0.1:22/${owner}/shop`,
    `ssh://git@127.0.0.1:443/${owner}/shop`,
    `ssh://git@LOCALHOST:${new URL(git.sshUrl).port}/${owner}/shop`,
    `ssh://git@${host}@example.invalid/${owner}/shop`,
    `ssh://git@${host}//${owner}/shop`,
    `ssh://git@${host}/x/../${owner}/shop`,
    `${ssh}/../other/shop`,
    `${ssh}/%2e%2e/other/shop`,
    `${ssh}/shop%2f..%2f..%2fother`,
    `${ssh}/shop?x=1`,
    `${ssh}/shop#x`,
    `${ssh}/shop\\x`,
    `${ssh} /shop`,
    `${ssh}-too/shop`,
    `ssh://git@${host}/${owner.toUpperCase()}/shop`,
    `ssh://git@${host}/other/shop`,
  ];
  for (const url of others) assert.match(await about(url), /may not use the address/, url);
});

/** A Secret that does not work, and what Flux says about it. */
type Fault = { readonly fields?: object; readonly says: RegExp };

/** Every fault has an environment of its own. */
async function faulty(
  made: PrivateEstate,
  faults: Readonly<Record<string, Fault>>,
  tell: (line: string) => void,
): Promise<void> {
  const { estate } = made;
  for (const [env, { says }] of Object.entries(faults)) {
    const message = await reported(estate, env, 'GitRepository');
    tell(`${env}: ${message}`);
    assert.match(message, says, env);
    assert.match(explained(estate, 'GitRepository', message), /Secret|Make it/);
  }
}

const feed = (envs: readonly string[], repo: string) =>
  Object.fromEntries(envs.map((env) => [env, repo]));

test('a deploy key that does not work is reported in the words of the README, and another one heals it', {
  skip,
}, async (t) => {
  const envs = [
    'missing',
    'unknown',
    'foreign',
    'host',
    'hostkey',
    'unhosted',
    'garbage',
    'pkcs8',
    'removed',
  ];
  const wishes = { profile: 'hardened', credentials: 'deploy-key' } as const;
  const made = await privateEstate(t, { ...wishes, repos: { ...feed(envs, 'shop'), web: 'web' } });
  const { estate, git, commits } = made;
  const [mine, web, pkcs8, removed] = [makeKey(), makeKey(), makePkcs8Key(), makeKey()];
  for (const key of [mine, pkcs8, removed]) git.allow(key.identityPub, `${estate.owner}/shop`);
  git.allow(web.identityPub, `${estate.owner}/web`);
  const fields = (key: Key, known = git.knownHosts) => keyFields(key, known);
  const [place = ''] = git.knownHosts.split(' ');
  const another = makeKey().identityPub;
  const faults = {
    missing: { says: /failed to get secret .*"git-shop" not found/ },
    unknown: { fields: fields(makeKey()), says: /ssh: unable to authenticate/ },
    foreign: { fields: fields(web), says: /repository not found/ },
    host: { fields: fields(mine, `github.com ${another}`), says: /knownhosts: key is unknown/ },
    hostkey: { fields: fields(mine, `${place} ${another}`), says: /knownhosts: key mismatch/ },
    unhosted: { fields: { identity: mine.identity }, says: /'known_hosts' is required/ },
    garbage: { fields: { ...fields(mine), identity: 'no key' }, says: /ssh: no key found/ },
  };
  await apply(estate, 'missing');
  const given = Object.entries(faults).flatMap(([env, fault]) =>
    'fields' in fault ? [[env, fault.fields] as const] : [],
  );
  const working = { pkcs8: fields(pkcs8), removed: fields(removed) };
  await applyInOrder(made, { ...Object.fromEntries(given), ...working });
  await faulty(made, faults, (line) => t.diagnostic(line));
  for (const env of Object.keys(working)) await applied(estate, env, commits.shop ?? '');
  git.revoke(removed.identityPub);
  await reconcile(estate, 'removed', 'GitRepository').catch(() => undefined);
  await faulty(made, { removed: { says: /ssh: unable to authenticate/ } }, (line) =>
    t.diagnostic(line),
  );
  for (const env of [...Object.keys(faults), 'removed']) {
    await give(estate, env, fields(mine));
    await reconcile(estate, env, 'GitRepository');
    await applied(estate, env, commits.shop ?? '');
  }
});

test('a token that does not work is reported in the words of the README, and another one heals it', {
  skip,
}, async (t) => {
  const envs = ['missing', 'unknown', 'foreign', 'expired'];
  const wishes = { profile: 'hardened', credentials: 'token' } as const;
  const made = await privateEstate(t, { ...wishes, repos: { ...feed(envs, 'shop'), web: 'web' } });
  const { estate, git, commits } = made;
  for (const token of ['good', 'old']) git.allow(token, `${estate.owner}/shop`);
  git.allow('theirs', `${estate.owner}/web`);
  await apply(estate, 'missing');
  await applyInOrder(made, {
    unknown: tokenFields('nothing'),
    foreign: tokenFields('theirs'),
    expired: tokenFields('old'),
  });
  await applied(estate, 'expired', commits.shop ?? '');
  git.revoke('old');
  await reconcile(estate, 'expired', 'GitRepository').catch(() => undefined);
  const faults = {
    missing: { says: /failed to get secret/ },
    unknown: { says: /authentication required/ },
    foreign: { says: /repository not found/ },
    expired: { says: /authentication required/ },
  };
  await faulty(made, faults, (line) => t.diagnostic(line));
  for (const env of envs) {
    await give(estate, env, tokenFields('good'));
    await reconcile(estate, env, 'GitRepository');
    await applied(estate, env, commits.shop ?? '');
  }
});
