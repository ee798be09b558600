/** Flux's two locks taken away, one after the other. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseDocument } from 'yaml';
import { containerOf, type Install, startController, startOperator } from '../flux.ts';
import { kubectl } from '../kube.ts';
import { until } from '../wait.ts';
import type { Battlefield } from './field.ts';
import { seeing, type Verdict } from './judge.ts';
import { requested } from './look.ts';
import type { Fields, Locked } from './phases.ts';
import type { Place } from './place.ts';
import { referenceAttacks } from './references.ts';

/** What happened when the locks were gone. */
export type Unlocked = {
  /** Attacks on `reference` that succeed as soon as one lock is gone, and did not. */
  refused: string[];
  /** What succeeds on `hardened` without Flux's locks: the policies alone do not hold it. */
  lockedOnly: string[];
};

/** What the operator's values, and what the FluxInstance, keep a tenant of profile reference from. */
const operatorLocks = ['resource-set', 'web-page'];
const instanceLocks = [
  'sync-no-account',
  'sync-foreign-source',
  'remote-base',
  'remote-file',
  'remote-metrics',
  'chart-no-account',
  ...referenceAttacks.filter(({ stall, open }) => !stall && !open).map(({ name }) => name),
];

/** Takes the locks away, one after the other, and looks again at what they had kept from happening. */
export async function unlock(place: Place, fields: Fields, locked: Locked): Promise<Unlocked> {
  await place.run.end('flux-operator');
  await startOperator(place.run, place.plane, withoutLocks(place.install).values, place.web);
  const refused = await succeed(place, fields.reference, operatorLocks, 'resourcesets');
  place.lap('operator without its lock');
  await unlockInstance(place);
  const syncs = 'kustomizations,helmreleases';
  refused.push(...(await succeed(place, fields.reference, instanceLocks, syncs)));
  place.lap('controllers without their lock');
  return { refused, lockedOnly: await harmedSince(place, fields.hardened, locked.hardened) };
}

/** The FluxInstance less its lock and its patch, and the values of the operator's chart as it has them. */
export function withoutLocks({ instance }: Install): Install {
  const document = parseDocument(instance);
  document.setIn(['spec', 'cluster', 'multitenant'], false);
  document.deleteIn(['spec', 'kustomize']);
  return { instance: document.toString(), values: '' };
}

/** The generated FluxInstance less its locks; the operator writes other Deployments then. */
async function unlockInstance({
  run,
  plane,
  install,
  controllers,
  metrics,
  lines,
}: Place): Promise<void> {
  await kubectl(plane, ['apply', '-f', '-'], withoutLocks(install).instance);
  await until('the operator takes the lock out of the Deployments', 120_000, async () => {
    const helm = await containerOf(run, plane, 'helm-controller');
    const { args, env = [] } = await containerOf(run, plane, 'kustomize-controller');
    const given = [...helm.args, ...args, ...env.map(({ name }) => name)];
    const locks = given.filter((one) => /^--(no-|default-service-account)|PROXY$|^GIT_/.test(one));
    return locks.length === 0 ? { ok: true } : { seen: locks.join(' ') };
  });
  for (const name of controllers.filter((one) => one !== 'source-controller')) {
    await run.end(name);
    await startController(run, plane, name, { metrics, environment: lines.environment });
  }
}

/** Which of the named attacks still do no harm after the objects were looked at again. */
async function succeed(place: Place, battle: Battlefield, names: string[], plurals: string) {
  const see = seeing(place.plane, place.files, place.lines);
  let left = battle.attacks.filter(({ name }) => names.includes(name));
  for (let round = 0; round < 60 && left.length > 0; round++) {
    for (const attack of round % 10 === 0 ? left : []) {
      const { namespace } = battle.tenantOf(attack);
      for (const plural of plurals.split(','))
        await kubectl(place.plane, [
          '-n',
          namespace,
          'annotate',
          '--overwrite',
          plural,
          '--all',
          requested(),
        ]);
    }
    const harmed = await Promise.all(left.map((one) => one.harm?.(battle.tenantOf(one), see)));
    left = left.filter((_, n) => !harmed[n]);
    if (left.length > 0) await sleep(1500);
  }
  return left.map(({ name }) => name);
}

/** What was refused on a field before and has happened by now. */
async function harmedSince(
  place: Place,
  battle: Battlefield,
  verdicts: Verdict[],
): Promise<string[]> {
  const see = seeing(place.plane, place.files, place.lines);
  const refused = verdicts.filter(({ by }) => by !== 'nobody').map(({ attack }) => attack);
  const harmed: string[] = [];
  for (const attack of refused)
    if (await attack.harm?.(battle.tenantOf(attack), see)) harmed.push(attack.name);
  return harmed;
}
