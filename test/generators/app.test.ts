import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goldenTree } from '../golden.ts';
import { readTree, runHere, temporaryFolder, writeTree } from '../sandbox.ts';
import { runGenerator } from './run-generator.ts';

test('without flags and answers it writes the bytes of the own command', async () => {
  const tree = await runGenerator('app', temporaryFolder(), {});
  assert.deepEqual(tree, goldenTree('default'));
});

const FIRST = {
  answers: { name: 'fleet', scenario: 'flux-web=dev,test  flux-shop=prod', owner: 'octo-org' },
  flags: ['--name=fleet', '--scenario=flux-web=dev,test', '--scenario=flux-shop=prod'],
};
const GROUPS = [
  { answers: { more: 'no' }, flags: [] },
  { answers: { more: 'repositories', branch: 'release/1.10' }, flags: ['--branch=release/1.10'] },
  { answers: { more: 'isolation', profile: 'reference' }, flags: ['--profile=reference'] },
  {
    answers: { more: 'demo app', replicas: '7', content: '1e3' },
    flags: ['--replicas=7', '--content=1e3'],
  },
];

for (const { answers, flags } of GROUPS)
  test(`answers are what flags are: ${answers.more}`, async () => {
    const all = { ...FIRST.answers, ...answers, proceed: true };
    const tree = await runGenerator('app', temporaryFolder(), { answers: all });
    const folder = temporaryFolder();
    await runHere([...FIRST.flags, '--owner=octo-org', ...flags], folder);
    assert.deepEqual(tree, readTree(folder));
  });

test('options are what flags are, and win over answers', async () => {
  const options = {
    yes: true,
    githubUrl: 'https://github.example.com',
    'cluster-type': 'aws',
    scenario: ['flux-a=a1', 'flux-b=b1'],
  };
  const tree = await runGenerator('app', temporaryFolder(), {
    options,
    answers: { name: 'other' },
  });
  const folder = temporaryFolder();
  const flags = [
    '--github-url=https://github.example.com',
    '--cluster-type=aws',
    '--scenario=flux-a=a1',
    '--scenario=flux-b=b1',
  ];
  await runHere(['--yes', ...flags], folder);
  assert.deepEqual(tree, readTree(folder));
});

test('a no to the plan writes nothing', async () => {
  const folder = temporaryFolder();
  await assert.rejects(runGenerator('app', folder, { answers: { proceed: false } }), { code: 130 });
  assert.equal(readTree(folder).size, 0);
});

test('a wrong answer is refused with its rule, and nothing is written', async () => {
  const folder = temporaryFolder();
  const run = runGenerator('app', folder, { answers: { more: 'isolation', prefix: 'Flux_Demo' } });
  await assert.rejects(run, { code: 2, message: /--prefix "Flux_Demo": a namespace prefix must/ });
  assert.equal(readTree(folder).size, 0);
});

test('dry-run writes nothing', async () => {
  const folder = temporaryFolder();
  await runGenerator('app', folder, { options: { dryRun: true } });
  assert.equal(readTree(folder).size, 0);
});

test("Yeoman's conflict question decides about each file that both changed", async () => {
  const folder = temporaryFolder();
  await runGenerator('app', folder, { options: { yes: true } });
  writeTree(folder, [['flux-dev/dev/app.yaml', 'mine\n']]);
  const options = { yes: true, force: false, replicas: '3' };
  await runGenerator('app', folder, { options, answers: { action: 'skip' } });
  const kept = readTree(folder);
  assert.equal(kept.get('flux-dev/dev/app.yaml'), 'mine\n');
  assert.match(kept.get('flux-stage-prod/prod/app.yaml') ?? '', /replicas: 3/);
  const again = { ...options, replicas: '4' };
  await runGenerator('app', folder, { options: again, answers: { action: 'write' } });
  assert.match(readTree(folder).get('flux-dev/dev/app.yaml') ?? '', /replicas: 4/);
});
