/** `npm run predict`: applies hundreds of changed estates for real, and writes into docs/verify.md what came of it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { section } from './reference.ts';

type Entry = {
  readonly kind: string;
  readonly predicted: 'refused' | 'warned' | 'applied';
  readonly said: 'refused' | 'applied';
};

const page = new URL('../docs/verify.md', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'flux-gitops-predict-'));
const file = process.env.FLUX_GITOPS_PREDICTIONS ?? join(folder, 'predictions.json');
const run = fileURLToPath(new URL('../test/cluster/run.ts', import.meta.url));
const env = { ...process.env, FLUX_GITOPS_MUTATIONS: 'all', FLUX_GITOPS_PREDICTIONS: file };
const { status } = spawnSync(process.execPath, [run, '--only', 'seeds'], { stdio: 'inherit', env });
if (status === 0) {
  const { seed, results } = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(page, section(readFileSync(page, 'utf8'), 'predicted', tableOf(seed, results)));
}
rmSync(folder, { recursive: true });
process.exitCode = status ?? 1;

function tableOf(seed: string, results: readonly Entry[]): string {
  const agreed = (all: readonly Entry[]): number =>
    all.filter(({ predicted, said }) => (predicted === 'refused') === (said === 'refused')).length;
  const count = (all: readonly Entry[], is: (one: Entry) => boolean): number =>
    all.filter(is).length;
  const byKind = Map.groupBy(results, ({ kind }) => kind);
  const rows = [...byKind]
    .sort()
    .map(([kind, all]) =>
      [
        ...['', kind, all.length, count(all, ({ predicted }) => predicted === 'refused')],
        count(all, ({ said }) => said === 'refused'),
        ...[`${agreed(all)} of ${all.length}`, ''],
      ]
        .join(' | ')
        .trim(),
    );
  const percent = ((100 * agreed(results)) / results.length).toFixed(1);
  return [
    `${results.length} estates of ${byKind.size} kinds, with the seed \`${seed}\`. The verdicts agree in ${agreed(results)} of them, which are ${percent} %.`,
    '',
    '| what changes | estates | `verify` reports an error | the cluster refuses | same verdict |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
