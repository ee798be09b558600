import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { EARLIER_VERSIONS } from '../../lib/disk/package-files.ts';
import { blobId } from '../../lib/render/git-text.ts';
import { earlierEstate, earlierTree, writeEstate } from '../earlier-states.ts';
import { readTree, runHere, temporaryFolder, writeTree } from '../sandbox.ts';

for (const version of EARLIER_VERSIONS)
  describe(`an estate of ${version}`, () => {
    const { files } = earlierEstate(version);
    const tree = earlierTree(version);
    const estate = (): string => {
      const folder = temporaryFolder();
      writeTree(folder, tree);
      return folder;
    };

    test('is rendered as that version wrote it, byte for byte', () => {
      const ids = tree
        .filter(([path]) => !path.endsWith('.yo-rc.json'))
        .map(([path, contents]) => [path, blobId(contents)]);
      assert.deepEqual(Object.fromEntries(ids.sort()), files);
    });

    test('follows in one run, whatever is changed, and then stands still', async () => {
      const folder = estate();
      const { code, stderr } = await runHere(['--interval', '2m'], folder);
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /you edited|stay deleted/i);
      const before = readTree(folder);
      assert.match(before.get('flux-demo/dev/2_sync.yaml') ?? '', /interval: 2m0s/);
      assert.match(before.get('flux-demo/policies/priority.yaml') ?? '', /tenant-priority/);
      assert.equal((await runHere([], folder)).code, 0);
      assert.deepEqual(readTree(folder), before);
    });

    test('keeps what a user edited and deleted, with the line ends of Windows, too', async () => {
      const folder = estate();
      for (const [path, text] of readTree(folder))
        writeFileSync(join(folder, path), text.replaceAll('\n', '\r\n'));
      const readme = join(folder, 'flux-demo/README.md');
      writeFileSync(readme, readFileSync(readme, 'utf8').replace('# flux-demo', '# Our fleet'));
      rmSync(join(folder, 'flux-demo/install/terraform'), { recursive: true });
      const { code, stderr } = await runHere(['tenant', 'uat', '--into', 'flux-demo'], folder);
      assert.equal(code, 0, stderr);
      assert.match(readFileSync(readme, 'utf8'), /# Our fleet\r\n[\s\S]*fluxdemo-uat/);
      assert.ok(!readTree(folder).has('flux-demo/install/terraform/main.tf'));
    });

    test('a section of a README that a user removed stays removed', async () => {
      const folder = temporaryFolder();
      writeEstate(folder, tree);
      const readme = join(folder, 'flux-demo/README.md');
      const before = readFileSync(readme, 'utf8');
      writeFileSync(readme, before.replace(/\n## Troubleshooting\n[\s\S]*?(?=\n## |$)/, ''));
      const { code, stderr } = await runHere(['update', '--into', 'flux-demo'], folder);
      assert.equal(code, 0, stderr);
      const after = readFileSync(readme, 'utf8');
      assert.doesNotMatch(after, /## Troubleshooting/);
      assert.match(after, /## Remove, move or rename an environment/);
    });

    test('an environment without files is named with the command that takes it out', async () => {
      const folder = estate();
      rmSync(join(folder, 'flux-demo/dev'), { recursive: true });
      const { code, stderr } = await runHere(['update', '--into', 'flux-demo'], folder);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /dev has no files any more\. .*: flux-gitops remove dev\./);
      assert.doesNotMatch(stderr, /qa has no files/);
    });

    test('an app repo without its record is not taken for one that is elsewhere', async () => {
      const folder = estate();
      rmSync(join(folder, 'flux-web/.yo-rc.json'));
      const { code, stderr } = await runHere(['update', '--into', 'flux-demo'], folder);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /flux-web has no \.yo-rc\.json[\s\S]*flux-gitops adopt --repair/);
      assert.doesNotMatch(stderr, /not beside the config repo/);
    });

    test('an environment that a user added to the record without a scenario is not dropped silently', async () => {
      const folder = estate();
      const record = join(folder, 'flux-demo/.yo-rc.json');
      const text = readFileSync(record, 'utf8');
      writeFileSync(record, text.replace('"environments": {', '"environments": { "uat": {},'));
      const before = readTree(folder);
      const { code, stderr } = await runHere(['update', '--into', 'flux-demo'], folder);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /environment "uat": no scenario lists it/);
      assert.deepEqual(readTree(folder), before);
    });

    test('follows where a user changed a setting in the record by hand, if git has the old record', async () => {
      const folder = temporaryFolder();
      writeEstate(folder, tree);
      const record = join(folder, 'flux-demo/.yo-rc.json');
      writeFileSync(
        record,
        readFileSync(record, 'utf8').replace('"interval": "1m0s"', '"interval": "7m0s"'),
      );
      const { code, stderr } = await runHere(['update', '--into', 'flux-demo'], folder);
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /you edited/i);
      assert.match(readTree(folder).get('flux-demo/dev/2_sync.yaml') ?? '', /interval: 7m0s/);
    });
  });
