/** A repository that feeds stage and prod, whose key was handed over before, and what must be true after a rotation. */
import assert from 'node:assert/strict';
import { makeDeployKey, withoutComment } from '../../lib/credentials/deploy-key.ts';
import type { CredentialsDesk } from './credentials-desk.ts';

export const REPO = 'flux-stage-prod';
const NAMESPACES = ['fluxdemo-stage', 'fluxdemo-prod'];
const TITLE = 'flux-gitops flux-demo';

/** What changes something: requests to GitHub, and calls of kubectl. */
export const WRITE = /^(POST|DELETE) |^kubectl (apply|annotate)/;

/** Gives the estate a key that works. Returns its public half. */
export function giveOldKey({ cluster, github, repo }: CredentialsDesk): string {
  const key = makeDeployKey(TITLE);
  const publicKey = withoutComment(key.publicKey);
  github.addDeployKey(repo(REPO), TITLE, publicKey);
  for (const namespace of NAMESPACES) cluster.addSecret(namespace, REPO, key);
  cluster.look();
  return publicKey;
}

/** That all Secrets have one new key, and that GitHub has only this one. */
export function assertRotated({ cluster, github }: CredentialsDesk, old: string): void {
  const keys = github.deployKeys.filter(({ repo }) => repo.name === REPO).map(({ key }) => key);
  assert.equal(keys.length, 1, 'GitHub has one key');
  assert.notEqual(keys[0], old);
  for (const namespace of NAMESPACES) {
    assert.equal(cluster.keyOf(namespace, REPO), keys[0], namespace);
    const { data, metadata } = cluster.secrets.get(`${namespace}/git-${REPO}`) ?? {};
    assert.deepEqual(Object.keys(data ?? {}).sort(), ['identity', 'identity.pub', 'known_hosts']);
    assert.deepEqual(metadata?.annotations, {});
  }
}
