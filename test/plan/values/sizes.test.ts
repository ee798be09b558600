import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { planApp } from '../../../lib/plan/app.ts';
import type { Environment } from '../../../lib/plan/estate.ts';
import { NOTHING } from '../../../lib/plan/plan.ts';
import { quotaOf, sizeRows } from '../../../lib/plan/values/sizes.ts';
import { parseArguments } from '../../../lib/settings/arguments.ts';
import { SIZES } from '../../../lib/settings/settings.ts';
import { runs } from '../../properties.ts';

const world = { folder: '', find: () => NOTHING, feederOf: () => undefined };

/** The environments of an estate of octo-org that was asked for with `flags`. */
function environmentsOf(...flags: string[]): Map<string, Environment> {
  const { given } = parseArguments('app', ['--yes', '--owner', 'octo-org', ...flags]);
  const { plan, problems } = planApp(given, world);
  assert.deepEqual(problems, []);
  return new Map(plan?.environments.map((one) => [one.name, one]));
}

function quotaFor(environment: string, ...flags: string[]) {
  const found = environmentsOf(...flags).get(environment);
  assert.ok(found);
  return quotaOf(found);
}

const UNITS: Readonly<Record<string, number>> = {
  ...{ '': 1, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12 },
  ...{ Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50 },
};

/** A quantity of Kubernetes as a number. */
function amount(quantity: string): number {
  const [, digits = '', unit = ''] = /^(\d+)([A-Za-z]*)$/.exec(quantity) ?? [];
  const factor = UNITS[unit];
  assert.ok(digits && factor, quantity);
  return Number(digits) * factor;
}

test('medium is the default, and holds 14 pods of 500 Mi twice, with requests as high as limits', () => {
  const quota = quotaFor('dev');
  assert.deepEqual(quota, quotaFor('dev', '--size', 'medium'));
  const memory = 2 * 14 * 500 * 2 ** 20;
  assert.ok(amount(quota.pods) >= 28);
  assert.ok(amount(quota.memory) >= memory && amount(quota.memoryLimit) >= memory);
  assert.ok(amount(quota.services) >= 15);
});

test('pods that name no limit fit into every size', () => {
  for (const size of SIZES) {
    const { pods, memoryLimit, containerMemory } = quotaFor('dev', '--size', size);
    assert.ok(amount(pods) * amount(containerMemory) <= amount(memoryLimit), size);
  }
});

test('a larger size has less of nothing', () => {
  for (const [what, ...values] of sizeRows(SIZES)) {
    const amounts = values.map(amount);
    assert.deepEqual(
      amounts,
      amounts.toSorted((a, b) => a - b),
      what,
    );
  }
});

test('a size is given to one environment or to all', () => {
  const sizes = environmentsOf('--size', 'small', '--size', 'prod=large');
  assert.deepEqual(
    [...sizes.values()].map(({ size }) => size),
    ['small', 'small', 'large'],
  );
});

test('the demo app fits with any number of replicas, all of them twice during an update', () => {
  fc.assert(
    fc.property(fc.constantFrom(...SIZES), fc.nat({ max: 2 ** 31 - 1 }), (size, replicas) => {
      const quota = quotaFor('dev', '--size', size, '--replicas', String(replicas));
      assert.ok(amount(quota.pods) >= 2 * replicas);
      assert.ok(amount(quota.podObjects) >= 2 * replicas);
      assert.ok(amount(quota.cpu) >= 2 * replicas * 0.01 - 1e-6);
      assert.ok(amount(quota.memory) >= 2 * replicas * 16 * 2 ** 20);
      assert.ok(amount(quota.memoryLimit) >= 2 * replicas * 64 * 2 ** 20);
      assert.ok(amount(quota.disk) >= 2 * replicas * 2 ** 30);
    }),
    runs(500),
  );
});

test('a load balancer brings node ports with it, and the demo app the load balancer that it needs', () => {
  const ports = (...flags: string[]) => {
    const { loadBalancers, nodePorts } = quotaFor('dev', ...flags);
    return [loadBalancers, nodePorts];
  };
  assert.deepEqual(ports(), ['0', '0']);
  assert.deepEqual(ports('--service-type', 'LoadBalancer'), ['1', '5']);
  assert.deepEqual(ports('--service-type', 'LoadBalancer', '--load-balancers', '0'), ['1', '5']);
  assert.deepEqual(ports('--load-balancers', 'dev=2', '--node-ports', '3'), ['2', '13']);
  assert.deepEqual(ports('--load-balancers', 'prod=2'), ['0', '0']);
});
