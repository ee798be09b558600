import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { resultText } from '../../lib/report.ts';
import { execute, prepare } from '../../lib/run.ts';
import { commandOf } from '../../lib/settings/command-words.ts';
import type { Terminal } from '../../lib/terminal.ts';
import { verifyEstate } from '../../lib/verify/verify-estate.ts';
import { goldenTree, runCase, validCases } from '../golden.ts';
import {
  folderAfter,
  readTree,
  runCommand,
  succeed,
  temporaryFolder,
  writeTree,
} from '../sandbox.ts';
import { locationIn, reposIn } from './estate-tree.ts';
import { APP, MUTATIONS, swap } from './mutations.ts';

type Results = Awaited<ReturnType<typeof verifyEstate>>['findings'];

/** A terminal on which a person accepts everything; `said` gets the messages. */
const accepting = (interactive: boolean, said: string[] = []): Terminal => ({
  interactive,
  say: (text) => void said.push(text),
  ask: async () => ({}),
  confirm: async () => true,
  resolve: async () => new Set(),
});

async function reportOf(argv: readonly string[], cwd: string, interactive = false) {
  const said: string[] = [];
  const command = commandOf(argv[0]);
  const words = command === undefined ? argv : argv.slice(1);
  const start = { cwd };
  const prepared = await prepare(command ?? 'app', words, accepting(interactive, said), start);
  assert.ok(prepared);
  return { report: await execute(prepared), said: said.join('\n') };
}

async function findingsOf(argv: readonly string[], cwd: string): Promise<Results> {
  const { findings } = (await reportOf([...argv, '--dry-run'], cwd)).report;
  assert.ok(findings);
  return findings;
}

const onDisk = async (folder: string): Promise<Results> =>
  (await verifyEstate(locationIn(folder, reposIn(readTree(folder))))).findings;

describe('a dry run knows what verify will find after the run', () => {
  for (const one of validCases())
    test(`nothing in the case ${one.name}`, async () => {
      const folder = temporaryFolder();
      const last = one.runs.at(-1);
      assert.ok(last);
      await runCase({ ...one, runs: one.runs.slice(0, -1) }, folder);
      const here = join(folder, last.in ?? '.');
      writeTree(here, Object.entries(last.files ?? {}));
      assert.deepEqual(await findingsOf(last.argv, here), []);
    });

  const argv = ['tenant', 'qa', '--repo', 'flux-dev', '--into', 'flux-demo', '--keep'];
  for (const { name, change } of MUTATIONS.filter((_, n) => n % 12 === 0))
    test(`the same as in the written estate: ${name}`, async () => {
      const tree = new Map(goldenTree('default'));
      change(tree);
      const folder = temporaryFolder();
      writeTree(folder, tree);
      const expected = await findingsOf(argv, folder);
      assert.deepEqual(readTree(folder), new Map([...tree].sort()), 'a dry run writes nothing');
      await reportOf(argv, folder);
      assert.deepEqual(expected, await onDisk(folder));
    });

  test('what a run removes is not there, and what it changes is what it writes', async () => {
    const folder = await folderAfter(['--owner', 'octo-org']);
    writeTree(folder, [['flux-dev/dev/more.yaml', 'kind: [unclosed\n']]);
    const codes = (findings: Results): string[] => findings.map(({ code }) => code);
    assert.deepEqual(codes(await findingsOf([], folder)), ['yaml-invalid']);
    assert.deepEqual(codes(await findingsOf(['--service-type', 'LoadBalancer'], folder)), [
      'yaml-invalid',
    ]);
    const small = ['tenant', 'prod', '--size', 'small', '--into', 'flux-demo'];
    writeTree(folder, [
      [
        'flux-stage-prod/prod/more.yaml',
        'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: more }\nspec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 90Gi } } }\n',
      ],
    ]);
    assert.deepEqual(codes(await findingsOf([], folder)), ['yaml-invalid']);
    assert.deepEqual(codes(await findingsOf(small, folder)).sort(), [
      'quota-exceeded',
      'yaml-invalid',
    ]);
    const gone = await findingsOf(['remove', 'prod', '--into', 'flux-demo'], folder);
    assert.deepEqual(codes(gone), ['yaml-invalid']);
  });

  test('an app repo alone, and one whose config repo lies beside it', async () => {
    const folder = await folderAfter(['--owner', 'octo-org']);
    writeTree(folder, [
      [
        'flux-dev/dev/more.yaml',
        'apiVersion: v1\nkind: Service\nmetadata: { name: more }\nspec: { type: LoadBalancer, ports: [{ port: 80 }] }\n',
      ],
    ]);
    const argv = ['scenario-repo', 'flux-dev', '--owner', 'octo-org'];
    const codes = async (folder: string): Promise<string[]> =>
      (await findingsOf(argv, folder)).map(({ code }) => code);
    assert.deepEqual(await codes(folder), ['service-quota-exceeded']);
    const alone = temporaryFolder();
    cpSync(join(folder, 'flux-dev'), join(alone, 'flux-dev'), { recursive: true });
    assert.deepEqual(await codes(alone), [], 'only the config repo knows the quota');
    writeTree(alone, [['flux-dev/dev/more.yaml', 'kind: [unclosed\n']]);
    assert.deepEqual(await codes(alone), ['yaml-invalid']);
  });
});

describe('a plan shows what verify finds in the result', () => {
  test('on a terminal, with --dry-run and with --json; a run that only writes does not look', async () => {
    const tree = new Map(goldenTree('default'));
    swap(APP, '  replicas: 1', '  replicas: "1"')(tree);
    const folder = temporaryFolder();
    writeTree(folder, tree);
    const argv = ['tenant', 'qa', '--into', 'flux-demo', '--keep'];
    const text = await runCommand([...argv, '--dry-run'], folder);
    const expected =
      /^verify finds 1 error in the result of this run:\n {2}error {4}flux-dev\/dev\/app\.yaml:\d+ {2}Deployment fluxdemo-dev\/kcheck {2}field-type\n {4}\S/m;
    assert.match(text.stdout, expected);
    const json = await runCommand([...argv, '--dry-run', '--json'], folder);
    const [finding] = JSON.parse(json.stdout).findings;
    assert.deepEqual(Object.keys(finding), [
      ...['code', 'severity', 'repo', 'file', 'line', 'object', 'message', 'hint'],
    ]);
    const check = await runCommand(['update', '--check', '--json'], folder);
    assert.equal(JSON.parse(check.stdout).findings, undefined);
    const { said, report } = await reportOf(argv, folder, true);
    assert.match(said, expected);
    assert.equal(report.findings, undefined);
  });

  test('in a few lines, however much is wrong, and without what was not checked', () => {
    const finding = (n: number, code: string): Results[number] =>
      ({
        ...{ code, severity: n % 2 ? 'error' : 'warning', repo: 'flux-dev', file: 'dev/app.yaml' },
        ...{ line: n, object: 'Deployment a', message: 'x'.repeat(300), hint: '' },
      }) as Results[number];
    const paint = (_: string, text: string): string => text;
    const linesOf = (findings: Results): string[] =>
      resultText(
        {
          ...{ dryRun: false, changed: true, environments: [], repositories: [], elsewhere: [] },
          ...{ notes: [], next: [], findings },
        },
        { paint, width: 80 },
      )
        .trim()
        .split('\n');
    const lines = linesOf(Array.from({ length: 50 }, (_, n) => finding(n, 'field-type')));
    assert.equal(lines.length, 10);
    assert.match(lines[0] ?? '', /25 errors and 25 warnings/);
    assert.match(lines.at(-1) ?? '', /and 46 more; --dry-run --json lists all/);
    assert.match(lines[7] ?? '', /^ {2}error/, 'errors come first');
    for (const line of lines) assert.ok(line.length <= 80, line);
    assert.deepEqual(
      linesOf([finding(0, 'app-repo-missing'), finding(2, 'kustomize-not-checked')]),
      [''],
    );
  });

  test('a run with no finding says nothing about it', async () => {
    const folder = temporaryFolder();
    const { said } = await reportOf([], folder, true);
    assert.doesNotMatch(said, /verify/);
    const { stdout } = await runCommand(['--dry-run'], temporaryFolder());
    assert.doesNotMatch(stdout, /verify/);
    assert.equal(await succeed(['--dry-run'], folder), '');
  });
});
