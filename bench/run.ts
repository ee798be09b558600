// Compares the time of each way to write the same estate. The ways take turns in one run.
//   npm run bench                 everything, medians of 9
//   npm run bench -- --quick      fewer sizes and rounds; fails only on gross ratios
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { floorValues } from './floor-values.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const QUICK = process.argv.includes('--quick');
// Uses memory instead of a disk if possible, because the times of a disk vary too much.
const SHELF = mkdtempSync(
  join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'flux-gitops-bench-'),
);
process.on('exit', () => rmSync(SHELF, { recursive: true, force: true }));

const VALUES = join(SHELF, 'values.json');
writeFileSync(VALUES, floorValues());

type Way = {
  readonly name: string;
  readonly argv: (into: string) => readonly string[];
  readonly env?: object;
};
type Figure = { readonly milliseconds: number; readonly mebibytes: number };

const PEAK = join(SHELF, 'peak.mjs');
writeFileSync(
  PEAK,
  "import fs from 'node:fs'; process.on('exit', () => fs.writeFileSync(process.env.PEAK_FILE, String(process.resourceUsage().maxRSS)));\n",
);

function measure({ name, argv, env }: Way, round: number): Figure {
  const into = join(SHELF, `${name.replaceAll(/\W/g, '-')}-${round}`);
  mkdirSync(into);
  chmodSync(into, 0o777);
  const file = join(SHELF, 'peak');
  writeFileSync(file, '');
  chmodSync(file, 0o666);
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ['--import', PEAK, ...argv(into)], {
    cwd: into,
    encoding: 'utf8',
    env: { ...process.env, NO_UPDATE_NOTIFIER: '1', PEAK_FILE: file, ...env },
  });
  const milliseconds = performance.now() - started;
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
  rmSync(into, { recursive: true, force: true });
  return { milliseconds, mebibytes: Number(readFileSync(file, 'utf8')) / 1024 };
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;

/** Runs every way in turn, `rounds` times, after one round that does not count. */
function compare(title: string, ways: readonly Way[], rounds: number): Map<string, Figure> {
  const figures = new Map<string, Figure[]>(ways.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++)
    for (const way of ways) {
      const figure = measure(way, round);
      if (round > 0) figures.get(way.name)?.push(figure);
    }
  const medians = new Map(
    [...figures].map(([name, all]) => [
      name,
      {
        milliseconds: median(all.map((one) => one.milliseconds)),
        mebibytes: median(all.map((one) => one.mebibytes)),
      },
    ]),
  );
  const floor = medians.get('floor')?.milliseconds;
  console.log(`\n${title} (medians of ${rounds})`);
  for (const [name, { milliseconds, mebibytes }] of medians) {
    const ratio =
      floor === undefined ? '' : `${(milliseconds / floor).toFixed(2)} x floor`.padStart(14);
    console.log(
      `  ${name.padEnd(12)} ${milliseconds.toFixed(0).padStart(7)} ms ${ratio} ${mebibytes.toFixed(0).padStart(6)} MiB`,
    );
  }
  return medians;
}

/** Installs the packed package in a folder where both commands find it, and returns the folder. */
function installPackage(): string {
  const project = join(SHELF, 'project');
  const installed = join(project, 'node_modules/generator-flux-gitops');
  mkdirSync(installed, { recursive: true });
  chmodSync(SHELF, 0o755);
  const npm = spawnSync('npm', ['pack', '--silent', '--pack-destination', SHELF], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (npm.status !== 0) throw new Error(npm.stderr);
  const tarball = join(SHELF, npm.stdout.trim().split('\n').at(-1) ?? '');
  spawnSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed]);
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) {
    const link = join(project, 'node_modules', name);
    mkdirSync(join(link, '..'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), link);
  }
  return project;
}

const project = installPackage();
const bin = join(project, 'node_modules/generator-flux-gitops/bin/flux-gitops.js');
const yo = join(ROOT, 'node_modules/yo/lib/cli.js');
const many = (count: number): string =>
  `--scenario=flux-many=${Array.from({ length: count }, (_, index) => `e${index}`).join(',')}`;
const flags = (count: number | 'default'): string[] =>
  count === 'default' ? ['--yes'] : ['--yes', many(count)];

const bare: Way = { name: 'bare node', argv: () => ['-e', '0'] };
const floor = (count: number | 'default'): Way => ({
  name: 'floor',
  argv: (into) => [join(ROOT, 'bench/floor.js'), VALUES, into, String(count)],
});
const own = (count: number | 'default'): Way => ({
  name: 'flux-gitops',
  argv: (into) => [bin, ...flags(count), '--into', into],
});
const underYo = (count: number | 'default'): Way => ({
  name: 'yo',
  argv: () => [yo, 'flux-gitops', ...flags(count)],
  env: { NODE_PATH: join(project, 'node_modules'), HOME: SHELF },
});

const failures: string[] = [];
function goal(what: string, value: number, wanted: number, gross: number): void {
  const met = value <= wanted;
  console.log(`  ${met ? 'met   ' : 'MISSED'}  ${what}: ${value.toFixed(2)} (goal ${wanted})`);
  if (value > gross) failures.push(what);
}

const rounds = QUICK ? 5 : 9;
const start = compare(
  'default estate',
  [bare, floor('default'), own('default'), underYo('default')],
  rounds,
);
const sizes = QUICK ? [1, 1_000] : [1, 100, 1_000, 10_000];

const bySize = new Map(
  sizes.map((size) => [
    size,
    compare(
      `${size} environments`,
      [floor(size), own(size), underYo(size)],
      size > 1_000 ? Math.min(rounds, 5) : rounds,
    ),
  ]),
);

/** The time of `verify` for an estate that is written once. */
const verified = new Map(
  [100, 1_000].map((size) => {
    const estate = join(SHELF, `verify-${size}`);
    const written = spawnSync(process.execPath, [bin, ...flags(size), '--into', estate]);
    if (written.status !== 0) throw new Error(String(written.stderr));
    const verify: Way = { name: 'verify', argv: () => [bin, 'verify', '--into', estate] };
    const figures = compare(`verify, ${size} environments`, [verify], QUICK ? 3 : 5);
    return [size, (figures.get('verify')?.milliseconds ?? 0) / 1000];
  }),
);

const ratio = (figures: Map<string, Figure> | undefined): number =>
  (figures?.get('flux-gitops')?.milliseconds ?? 0) / (figures?.get('floor')?.milliseconds ?? 1);
const time = (size: number, name: string): number => bySize.get(size)?.get(name)?.milliseconds ?? 0;
console.log('\ngoals');
goal('default estate, times the floor', ratio(start), 1.5, 3);
goal('1,000 environments, times the floor', ratio(bySize.get(1_000)), 1.5, 3);
goal(
  'under yo, seconds that 1,000 environments add to one',
  (time(1_000, 'yo') - time(1, 'yo')) / 1000,
  0.5,
  2,
);
goal('verify of 100 environments, seconds', verified.get(100) ?? 0, 1, 3);
goal('verify of 1,000 environments, seconds', verified.get(1_000) ?? 0, 6, 18);
if (!QUICK) {
  const idle = start.get('bare node')?.milliseconds ?? 0;
  const exponent = Math.log10(
    (time(10_000, 'flux-gitops') - idle) / (time(1_000, 'flux-gitops') - idle),
  );
  goal('growth exponent from 1,000 to 10,000 environments', exponent, 1.05, 1.5);
  goal(
    'peak memory of 10,000 environments, MiB',
    bySize.get(10_000)?.get('flux-gitops')?.mebibytes ?? 0,
    300,
    600,
  );
  const measured = spawnSync(process.execPath, [join(ROOT, 'test/github/measure.ts')], {
    encoding: 'utf8',
  });
  if (measured.status !== 0) throw new Error(measured.stderr);
  const publishing = JSON.parse(measured.stdout) as { readonly ratio: number };
  goal('publishing 3 repositories, times the bare requests and pushes', publishing.ratio, 1.3, 2);
}
if (failures.length > 0) {
  console.error(`\nfar off: ${failures.join('; ')}`);
  process.exitCode = 1;
}
