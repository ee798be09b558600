import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { KubernetesObject } from '../../lib/cluster/kubectl.ts';
import { changeLines, changesBetween } from '../../lib/status/changes.ts';
import { statusDocument } from '../../lib/status/document.ts';
import { type Row, shortRevision } from '../../lib/status/model.ts';
import { placesOf, rowsOf } from '../../lib/status/rows.ts';
import { age, plain, statusTable } from '../../lib/status/table.ts';
import type { Paint } from '../../lib/terminal.ts';
import {
  condition,
  living,
  NOW,
  reading,
  recordOf,
  SECOND,
  withChanges,
  workload,
} from './objects.ts';

const record = recordOf('default');
const places = placesOf({ record, chosen: [] });
const all = living(record.environments);
const rowsFor = (objects: readonly KubernetesObject[]): Row[] => rowsOf(places, reading(objects));
const uncoloured: Paint = (_, text) => text;

const tableOf = (rows: readonly Row[], width = Number.POSITIVE_INFINITY): string[] =>
  statusTable(rows, { paint: uncoloured, width, now: NOW });

const REASON =
  'Deployment/fluxdemo-stage/kcheck dry-run failed (Invalid): Deployment.apps "kcheck" is invalid: spec.template.spec.containers[0].image: Required value\n';
const broken = withChanges(all, 'Kustomization', 'fluxdemo-stage', {
  status: { conditions: [condition('False', REASON)] },
});

test('without a terminal each environment is one line, with its message', () => {
  assert.deepEqual(tableOf(rowsFor(broken)), [
    'ENVIRONMENT  SOURCE           REVISION      APPLIED       READY  WORKLOAD  GENERATION  REPLICAS  AGE  MESSAGE',
    'dev          flux-dev         main@cd2ebc8  main@cd2ebc8  True   kcheck    3           2/2       61m  Applied revision: main@sha1:cd2ebc8a30f51c2d5c8e1ab4e3a5ff17b02d0f3a',
    `stage        flux-stage-prod  main@cd2ebc8  main@cd2ebc8  False  kcheck    3           2/2       60s  ${REASON.trim()}`,
    'prod         flux-stage-prod  main@cd2ebc8  main@cd2ebc8  True   kcheck    3           2/2       61m  Applied revision: main@sha1:cd2ebc8a30f51c2d5c8e1ab4e3a5ff17b02d0f3a',
  ]);
});

test('on a terminal the messages of what is not Ready are below it, and narrow ones have fewer columns', () => {
  assert.deepEqual(tableOf(rowsFor(broken), 120), [
    'ENVIRONMENT  SOURCE           REVISION      APPLIED       READY  WORKLOAD  GENERATION  REPLICAS  AGE',
    'dev          flux-dev         main@cd2ebc8  main@cd2ebc8  True   kcheck    3           2/2       61m',
    'stage        flux-stage-prod  main@cd2ebc8  main@cd2ebc8  False  kcheck    3           2/2       60s',
    '  Deployment/fluxdemo-stage/kcheck dry-run failed (Invalid): Deployment.apps "kcheck" is invalid:',
    '  spec.template.spec.containers[0].image: Required value',
    'prod         flux-stage-prod  main@cd2ebc8  main@cd2ebc8  True   kcheck    3           2/2       61m',
  ]);
  assert.deepEqual(tableOf(rowsFor(broken), 80), [
    'ENVIRONMENT  REVISION  APPLIED  READY  WORKLOAD  GENERATION  REPLICAS  AGE',
    'dev          cd2ebc8   cd2ebc8  True   kcheck    3           2/2       61m',
    'stage        cd2ebc8   cd2ebc8  False  kcheck    3           2/2       60s',
    '  Deployment/fluxdemo-stage/kcheck dry-run failed (Invalid): Deployment.apps',
    '  "kcheck" is invalid: spec.template.spec.containers[0].image: Required value',
    'prod         cd2ebc8   cd2ebc8  True   kcheck    3           2/2       61m',
  ]);
  assert.deepEqual(tableOf(rowsFor(broken), 60).slice(0, 2), [
    'ENVIRONMENT  REVISION  APPLIED  READY  GENERATION  REPLICAS',
    'dev          cd2ebc8   cd2ebc8  True   3           2/2',
  ]);
});

test('no line of a table is longer than the terminal, and colours change no width', () => {
  const coloured: Paint = (style, text) => `\x1b[${style.length}m${text}\x1b[0m`;
  const long = rowsFor(broken).map((row, at) => ({ ...row, name: row.name.repeat(1 + at * 6) }));
  for (const rows of [rowsFor(broken), long])
    for (let width = 20; width <= 140; width += 1) {
      const lines = statusTable(rows, {
        paint: coloured,
        width,
        now: NOW,
        changed: new Map([['dev', new Set(['READY'] as const)]]),
      }).map(stripVTControlCharacters);
      for (const line of lines) assert.ok(line.length <= width, `${width}: ${line}`);
      assert.deepEqual(
        lines,
        statusTable(rows, {
          paint: uncoloured,
          width,
          now: NOW,
          changed: new Map([['dev', new Set(['READY'] as const)]]),
        }),
      );
    }
});

test('each workload has a line', () => {
  const objects = [...all, workload('fluxdemo-dev', 'worker', { status: { readyReplicas: 0 } })];
  assert.deepEqual(tableOf(rowsFor(objects), 95).slice(1, 4), [
    'dev          flux-dev         cd2ebc8   cd2ebc8  True   kcheck    3           2/2       61m',
    '                                                        worker    3           0/2',
    'stage        flux-stage-prod  cd2ebc8   cd2ebc8  True   kcheck    3           2/2       61m',
  ]);
});

test('a table that is watched marks the lines that changed, also without colours', () => {
  const changed = new Map([['prod', new Set(['APPLIED'] as const)]]);
  const bold: Paint = (style, text) => (style === 'bold' ? `<${text}>` : text);
  const lines = statusTable(rowsFor(all), { paint: bold, width: 120, now: NOW, changed });
  assert.match(lines[1] ?? '', /^ {2}dev /);
  assert.match(lines[3] ?? '', /^<\* >prod .* main@cd2ebc8 {2}<main@cd2ebc8> {2}True/);
});

test('no text of the cluster moves the cursor or turns the line', () => {
  assert.equal(plain('a\x1b[2J\x07b\r\n\tc\u009b1m\u202ed\u2028e'), 'a [2J b c 1m d e');
  const evil = withChanges(all, 'Kustomization', 'fluxdemo-dev', {
    status: { conditions: [condition('False', 'x\x1b]0;title\x07y\nz')] },
  });
  for (const width of [80, Number.POSITIVE_INFINITY])
    for (const line of tableOf(rowsFor(evil), width)) assert.doesNotMatch(line, /\p{Cc}/u);
});

test('ages are written as kubectl writes them', () => {
  const shown = [
    0, 45, 119, 120, 192, 600, 1500, 10_800, 18_600, 28_800, 172_799, 172_800, 700_000,
  ];
  assert.deepEqual(
    shown.map((seconds) => age(seconds * 1000)),
    ['0s', '45s', '119s', '2m', '3m12s', '10m', '25m', '3h', '5h10m', '8h', '47h', '2d', '8d'],
  );
  assert.equal(age(-5000), '0s');
});

test('revisions are as short as those of git', () => {
  const digest = 'a1b2c3d'.repeat(9);
  for (const [long, short] of [
    [`feature/x@sha1:${digest}`, 'feature/x@a1b2c3d'],
    [`latest@sha256:${digest}`, 'latest@a1b2c3d'],
    [`sha1:${digest}`, 'a1b2c3d'],
    ['6.5.0', '6.5.0'],
  ] as const)
    assert.equal(shortRevision(long), short);
});

test('a push is seen arriving: what changed, in the order of the table', () => {
  const before = rowsFor(all);
  const fetched = withChanges(all, 'GitRepository', 'fluxdemo-dev', {
    status: { artifact: { revision: SECOND } },
  });
  const applied = withChanges(
    withChanges(fetched, 'Kustomization', 'fluxdemo-dev', {
      status: {
        lastAppliedRevision: SECOND,
        conditions: [condition('True', `Applied revision: ${SECOND}`)],
      },
    }),
    'Deployment',
    'fluxdemo-dev',
    { metadata: { generation: 4 }, spec: { replicas: 3 } },
  );
  assert.deepEqual(changeLines(changesBetween(before, rowsFor(fetched))), [
    'dev: REVISION main@cd2ebc8 -> main@7f1d90a, READY True -> Unknown, main@7f1d90a is fetched, and not applied yet.',
  ]);
  assert.deepEqual(changeLines(changesBetween(rowsFor(fetched), rowsFor(applied))), [
    'dev: APPLIED main@cd2ebc8 -> main@7f1d90a, READY Unknown -> True, kcheck GENERATION 3 -> 4, kcheck REPLICAS 2/2 -> 2/3',
  ]);
  assert.deepEqual(changesBetween(before, rowsFor(all)), []);
});

test('an environment that comes or goes is a change', () => {
  const stage = all.filter(({ metadata }) => metadata.namespace !== 'fluxdemo-dev');
  const lines = changeLines(changesBetween(rowsFor(stage), rowsFor(all)));
  assert.equal(lines.length, 1);
  assert.match(
    lines[0] ?? '',
    /^dev: SOURCE - -> flux-dev, .*READY False -> True, WORKLOAD - -> kcheck/,
  );
});

test('the document for scripts says what is ready', () => {
  const cluster = { context: 'kind-flux', server: 'https://127.0.0.1:6443' };
  const document = statusDocument(cluster, places, rowsFor(broken));
  assert.equal(document.ready, false);
  assert.deepEqual(
    document.environments.map(({ name, ready }) => [name, ready]),
    [
      ['dev', true],
      ['stage', false],
      ['prod', true],
    ],
  );
  assert.ok(!('config' in document));
  const followed = recordOf('sync-config');
  const more = placesOf({ record: followed, chosen: [] });
  const rows = rowsOf(more, reading(living(followed.environments)));
  const { config, environments } = statusDocument(cluster, more, rows);
  assert.equal(config?.name, 'flux-demo');
  assert.equal(environments.length, followed.environments.length);
});
