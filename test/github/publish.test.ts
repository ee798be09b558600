import assert from 'node:assert/strict';
import { test } from 'node:test';
import { git } from './bodies.ts';
import { makeEstate, runDriver } from './run.ts';
import { openStandIn } from './stand-in.ts';

test('two repositories are created, then pushed, the config repo last', async (t) => {
  const standIn = await openStandIn((close) => t.after(close));
  const estate = makeEstate();
  const outcome = await runDriver(standIn, estate);
  console.log(outcome, standIn.seen, standIn.violations);
  assert.equal(outcome.code, 0, outcome.lines);
  assert.deepEqual(standIn.violations, []);
  assert.equal(
    git(standIn.repos[0]?.folder ?? '', 'log', '--format=%s', 'main').trim(),
    'Initial commit',
  );
  const again = await runDriver(standIn, estate);
  console.log(again);
});
