import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { verifyEstate } from '../../../lib/verify/verify-estate.ts';
import { goldenTree } from '../../golden.ts';
import { temporaryFolder, writeTree } from '../../sandbox.ts';
import { assertCodes, locationIn, reposIn } from '../estate-tree.ts';

const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: more }\n';

/** What `verify` finds after `change` of the app repo of dev. */
async function findingsAfter(change: (repo: string) => void) {
  const [folder, tree] = [temporaryFolder(), goldenTree('default')];
  writeTree(folder, tree);
  change(join(folder, 'flux-dev'));
  return (await verifyEstate(locationIn(folder, reposIn(tree)))).findings;
}

test('a message of kustomize is the one about the error, without warnings before it', async () => {
  const [finding] = await findingsAfter((repo) =>
    writeFileSync(
      join(repo, 'dev/kustomization.yaml'),
      'commonLabels: { a: b }\nresources: [app.yaml]\nconfigMapGenerator:\n  - { name: a, behavior: merge, literals: [a=b] }\n',
    ),
  );
  assert.match(finding?.message ?? '', /^kustomize build failed: merging from generator: id /);
  assert.doesNotMatch(finding?.message ?? '', /Warning|\\|0xc0/);
});

describe('verify reads the files that Flux gets', () => {
  test('and no symbolic links, which it names', async () => {
    const findings = await findingsAfter((repo) => {
      renameSync(join(repo, 'dev/app.yaml'), join(repo, 'app.yaml'));
      symlinkSync('../app.yaml', join(repo, 'dev/app.yaml'));
    });
    assertCodes(findings, ['link-left-out']);
    assert.equal(findings[0]?.file, 'dev/app.yaml');
  });

  test('and no files that git ignores', async () => {
    const findings = await findingsAfter((repo) => {
      execFileSync('git', ['init', '--quiet', '--initial-branch=main', repo]);
      writeFileSync(join(repo, '.gitignore'), 'values.yaml\nbuilt/\n');
      mkdirSync(join(repo, 'dev/built'));
      for (const path of ['dev/values.yaml', 'dev/built/more.yaml'])
        writeFileSync(join(repo, path), 'replicaCount: 2\n');
    });
    assertCodes(findings, []);
  });

  test('with the bytes that they have', async () => {
    const write = (bytes: Buffer) =>
      findingsAfter((repo) => writeFileSync(join(repo, 'dev/more.yaml'), bytes));
    const latin = await write(Buffer.from(`${CONFIG_MAP}data: { a: "\xe9" }\n`, 'latin1'));
    assertCodes(latin, ['yaml-invalid']);
    assert.equal(latin[0]?.line, 4);
    assertCodes(await write(Buffer.from(`\uFEFF${CONFIG_MAP}`, 'utf16le')), []);
    assertCodes(await write(Buffer.from(`${CONFIG_MAP}data: { a: "\uFFFD" }\n`)), []);
  });
});
