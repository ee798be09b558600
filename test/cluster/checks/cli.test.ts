import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { pathOf } from '../cache.ts';
import { freshEstate } from '../check.ts';
import { configPath, namespaceOf, readManifests } from '../estate.ts';

/** What the `flux` command itself writes; it needs no cluster for that. */
function flux(...args: string[]): Record<string, unknown>[] {
  const out = execFileSync(pathOf('flux'), [...args, '--export'], { encoding: 'utf8' });
  return parseAllDocuments(out)
    .map((document) => document.toJS() as Record<string, unknown> | null)
    .filter((data) => data !== null);
}

/** The one object that the original demo has and the flux command does not write. */
const secret = (env: string, namespace: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: env,
    namespace,
    annotations: { 'kubernetes.io/service-account.name': namespace },
  },
  type: 'kubernetes.io/service-account-token',
});

test('profile reference writes what `flux create --export` writes, and a Secret', async (t) => {
  const { estate } = await freshEstate(t, 'reference');
  for (const [env, repo] of Object.entries(estate.repos)) {
    const ns = namespaceOf(estate, env);
    const url = `${estate.cluster.git.url}/${estate.owner}/${repo}`;
    const own = [repo, '-n', ns];
    const source = ['--url', url, '--branch=main', '--interval=1m'];
    const wiring = [`--source=GitRepository/${repo}`, `--path=./${env}`, '--prune=true'];
    const sync = [
      ...flux('create', 'source', 'git', ...own, ...source),
      ...flux(
        'create',
        'kustomization',
        ...own,
        ...wiring,
        '--interval=20m',
        '--service-account',
        ns,
      ),
    ];
    const tenant = [...flux('create', 'tenant', ns, '--with-namespace', ns), secret(env, ns)];
    assert.deepEqual(readManifests(configPath(estate, env, '2_sync.yaml')), sync);
    assert.deepEqual(readManifests(configPath(estate, env, '1_tenant.yaml')), tenant);
    const files = readdirSync(configPath(estate, env)).sort();
    assert.deepEqual(files, ['1_tenant.yaml', '2_sync.yaml'], 'and nothing else');
  }
});
