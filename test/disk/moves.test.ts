import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { compareRepo } from '../../lib/disk/compare.ts';
import { templatesOf } from '../../lib/disk/package-files.ts';
import { openWorkspace } from '../../lib/disk/workspace.ts';
import { writeRepos } from '../../lib/disk/write.ts';
import { formerPaths } from '../../lib/plan/moves.ts';
import { planUpdate } from '../../lib/plan/update.ts';
import { layerRenderer } from '../../lib/render/render.ts';
import { parseArguments } from '../../lib/settings/arguments.ts';
import { writeEstate } from '../earlier-states.ts';
import { readTree, runHere, temporaryFolder } from '../sandbox.ts';

const TO = 'network/allow-health-checks.yaml';
const FROM = 'network/probes.yaml';
const MOVES = [{ from: FROM, to: TO }];

/** A committed config repo in which an earlier version wrote TO as FROM. */
async function moved(): Promise<string> {
  const first = temporaryFolder();
  assert.equal((await runHere(['--yes', '--owner', 'octo-org'], first)).code, 0);
  const folder = temporaryFolder();
  writeEstate(folder, [...readTree(first)]);
  const config = join(folder, 'flux-demo');
  renameSync(join(config, TO), join(config, FROM));
  const record = join(config, '.yo-rc.json');
  writeFileSync(record, readFileSync(record, 'utf8').replace(TO, FROM));
  return config;
}

/** Updates the config repo in `folder` as a version would that has moved the file. */
async function update(folder: string): Promise<void> {
  const { given } = parseArguments('update', []);
  const { plan } = planUpdate(given, openWorkspace('update', folder, '.', undefined, []));
  const [repo] = plan?.repos ?? [];
  assert.ok(repo);
  const comparison = {
    render: layerRenderer(templatesOf),
    force: false,
    keep: false,
    moves: MOVES,
  };
  writeRepos([await compareRepo(repo, folder, comparison, [])]);
}

describe('a file that has another path in this version', () => {
  test('moves with the edits of a user, and stands still after that', async () => {
    const folder = await moved();
    const text = readFileSync(join(folder, FROM), 'utf8');
    writeFileSync(join(folder, FROM), `# Ask the team Harbour.\n${text}`);
    await update(folder);
    assert.equal(existsSync(join(folder, FROM)), false);
    assert.equal(readFileSync(join(folder, TO), 'utf8'), `# Ask the team Harbour.\n${text}`);
    const after = readTree(folder);
    await update(folder);
    assert.deepEqual(readTree(folder), after);
  });

  test('moves untouched, and stays deleted where it was deleted', async () => {
    const folder = await moved();
    await update(folder);
    assert.deepEqual([existsSync(join(folder, FROM)), existsSync(join(folder, TO))], [false, true]);
    const other = await moved();
    rmSync(join(other, FROM));
    for (const _ of [1, 2]) {
      await update(other);
      assert.deepEqual(
        [existsSync(join(other, FROM)), existsSync(join(other, TO))],
        [false, false],
      );
    }
  });

  test('stays beside the new file where the edits cannot be merged', async () => {
    const folder = await moved();
    writeFileSync(join(folder, FROM), 'kind: Mine\n');
    rmSync(join(folder, '.git'), { recursive: true });
    await update(folder);
    assert.equal(readFileSync(join(folder, FROM), 'utf8'), 'kind: Mine\n');
    assert.equal(existsSync(join(folder, TO)), true);
  });
});

test('a path is followed through several versions, with the name of the environment', () => {
  const moves = [
    { from: '*/tenant.yaml', to: '*/0_tenant.yaml' },
    { from: '*/0_tenant.yaml', to: '*/1_tenant.yaml' },
  ];
  assert.deepEqual(formerPaths('dev/1_tenant.yaml', moves), [
    'dev/0_tenant.yaml',
    'dev/tenant.yaml',
  ]);
  assert.deepEqual(formerPaths('dev/2_sync.yaml', moves), []);
  assert.deepEqual(formerPaths('README.md'), []);
});
