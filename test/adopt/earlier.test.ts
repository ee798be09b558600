import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { earlierLayersOf } from '../../lib/disk/base.ts';
import { EARLIER_VERSIONS, earlierTemplatesOf } from '../../lib/disk/package-files.ts';
import { readRecord } from '../../lib/plan/record.ts';
import { layerRenderer } from '../../lib/render/render.ts';
import { readTree, runHere, temporaryFolder, writeTree } from '../sandbox.ts';

for (const version of EARLIER_VERSIONS)
  test(`an estate of ${version} that lost its records follows as if it had them`, async () => {
    const source = new URL(`../earlier/${version}.json`, import.meta.url);
    const { records } = JSON.parse(readFileSync(source, 'utf8')) as { records: object };
    const render = layerRenderer((layer) => earlierTemplatesOf(layer, version));
    const tree = Object.entries(records).flatMap(([repo, all]): [string, string][] => {
      const text = `${JSON.stringify(all, null, 2)}\n`;
      const { record } = readRecord(text, repo, []);
      assert.ok(record);
      const files = earlierLayersOf(record).flatMap(render);
      return [
        ...files.map(({ path, contents }): [string, string] => [`${repo}/${path}`, contents]),
        [`${repo}/.yo-rc.json`, text],
      ];
    });
    const followed = async (lose: boolean): Promise<Map<string, string>> => {
      const folder = temporaryFolder();
      writeTree(folder, tree);
      for (const repo of lose ? Object.keys(records) : [])
        rmSync(join(folder, repo, '.yo-rc.json'));
      if (lose) {
        const repaired = await runHere(['adopt', '--repair', '--into=flux-demo'], folder);
        assert.equal(repaired.code, 0, repaired.stderr);
      }
      const { code, stderr } = await runHere(['--yes', '--into=flux-demo'], folder);
      assert.equal(code, 0, stderr);
      return new Map([...readTree(folder)].filter(([path]) => !path.endsWith('.yo-rc.json')));
    };
    const [kept, lost] = [await followed(false), await followed(true)];
    for (const [path, text] of kept) assert.equal(lost.get(path), text, path);
    assert.deepEqual([...lost.keys()], [...kept.keys()]);
  });
