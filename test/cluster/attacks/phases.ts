/** The order of the fight: with both locks, without the operator's, without both. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../control-plane.ts';
import { argumentsOf, startController, startOperator } from '../flux.ts';
import { kubectl } from '../kube.ts';
import type { Processes } from '../processes.ts';
import { until } from '../wait.ts';
import type { Attack } from './attack.ts';
import { applyTenants, type Battlefield, push } from './field.ts';
import type { FileServer } from './file-server.ts';
import { judge, seeing, type Verdict } from './judge.ts';

/** Where the fight takes place. */
export type Place = {
  run: Processes;
  plane: ControlPlane;
  files: FileServer;
  controllers: readonly string[];
  /** The FluxInstance that the command wrote. */
  instance: string;
  lap: (what: string) => void;
};

export type Locked = { reference: Verdict[]; hardened: Verdict[] };
export type Unlocked = {
  /** Attacks on `reference` that succeed as soon as one lock is gone, and did not. */
  refused: string[];
  /** What succeeds on `hardened` without Flux' locks: the policies alone do not hold it. */
  lockedOnly: string[];
};

export type Fields = { reference: Battlefield; hardened: Battlefield; open: Battlefield };

/** What each lock alone keeps a tenant of profile reference from. */
const operatorLocks = ['resource-set'];
const instanceLocks = ['sync-no-account', 'sync-foreign-source', 'remote-base', 'chart-no-account'];

/** Both profiles at once, with everything in place. */
export async function attackLocked(place: Place, { reference, hardened }: Fields): Promise<Locked> {
  const both = [reference, hardened];
  const first = await fight(place, both, 'commit', 120);
  const again = both.map((one) => ({ ...one, attacks: one.attacks.filter(({ after }) => after) }));
  const second = await fight(place, again, 'after', 60);
  const [of = new Map(), at = new Map()] = [0, 1].map(
    (n) =>
      new Map([...(first[n] ?? []), ...(second[n] ?? [])].map((one) => [one.attack.name, one])),
  );
  place.lap('attacked with both locks in place');
  return { reference: [...of.values()], hardened: [...at.values()] };
}

/** One commit to every repository, and what becomes of it. */
async function fight(
  place: Place,
  battles: Battlefield[],
  step: 'commit' | 'after',
  seconds: number,
) {
  if (battles.every(({ attacks }) => attacks.length === 0)) return battles.map(() => []);
  const commits: string[] = [];
  for (const battle of battles) commits.push(await push(battle, step));
  for (const battle of battles) {
    if (step === 'commit') await applyTenants(battle, place.plane);
    else await look(place, battle);
  }
  place.lap(`${battles.map(({ field }) => field).join(' and ')}: ${step} pushed`);
  return Promise.all(
    battles.map((battle, n) =>
      judge(quick(battle, step), place.plane, place.files, commits[n] ?? '', seconds),
    ),
  );
}

/** An attack in two steps has done no harm after its first; it is only waited for. */
function quick(battle: Battlefield, step: 'commit' | 'after'): Battlefield {
  if (step === 'after') return battle;
  const attacks = battle.attacks.map((attack): Attack => {
    if (!attack.after) return attack;
    return {
      ...attack,
      harm: async (tenant, see) => {
        const path = `/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/${tenant.namespace}/kustomizations/${tenant.repo}`;
        return (await see(path))?.status?.inventory?.entries?.length > 0;
      },
    };
  });
  return { ...battle, attacks };
}

const requested = () => `reconcile.fluxcd.io/requestedAt=${process.hrtime.bigint()}`;

async function look(place: Place, { attacks, tenantOf }: Battlefield): Promise<void> {
  for (const attack of attacks) {
    const { namespace, repo } = tenantOf(attack);
    await kubectl(place.plane, [
      '-n',
      namespace,
      'annotate',
      '--overwrite',
      `gitrepository/${repo}`,
      requested(),
    ]);
  }
}

/** Takes the locks away, one after the other, and looks again at what they had kept from happening. */
export async function unlock(place: Place, fields: Fields, locked: Locked): Promise<Unlocked> {
  await place.run.end('flux-operator');
  await startOperator(place.run, place.plane, []);
  const refused = await succeed(place, fields.reference, operatorLocks, 'resourcesets');
  place.lap('operator without its lock');
  await unlockInstance(place);
  const syncs = 'kustomizations,helmreleases';
  refused.push(...(await succeed(place, fields.reference, instanceLocks, syncs)));
  place.lap('controllers without their lock');
  return { refused, lockedOnly: await harmedSince(place, fields.hardened, locked.hardened) };
}

/** Attacks where no guard is left. */
export async function attackOpen(place: Place, open: Battlefield): Promise<Verdict[]> {
  const [first = []] = await fight(place, [open], 'commit', 120);
  const rest = { ...open, attacks: open.attacks.filter(({ after }) => after) };
  const [second = []] = await fight(place, [rest], 'after', 60);
  place.lap('attacked where nothing guards');
  return [...new Map([...first, ...second].map((one) => [one.attack.name, one])).values()];
}

/** The FluxInstance less its lock. */
export const withoutLock = (instance: string): string =>
  instance.replace('multitenant: true', 'multitenant: false');

/** The generated FluxInstance less its lock; the operator writes other arguments then. */
async function unlockInstance({ run, plane, instance, controllers }: Place): Promise<void> {
  await kubectl(plane, ['apply', '-f', '-'], withoutLock(instance));
  await until('the operator takes the lock out of the Deployments', 120_000, async () => {
    const args = await argumentsOf(run, plane, 'helm-controller');
    const more = await argumentsOf(run, plane, 'kustomize-controller');
    const locks = [...args, ...more].filter((one) => /^--(no-|default-service-account)/.test(one));
    return locks.length === 0 ? { ok: true } : { seen: locks.join(' ') };
  });
  for (const name of controllers.filter((one) => one !== 'source-controller')) {
    await run.end(name);
    await startController(run, plane, name, await argumentsOf(run, plane, name));
  }
}

/** Which of the named attacks still do no harm after the objects were looked at again. */
async function succeed(place: Place, battle: Battlefield, names: string[], plurals: string) {
  const see = seeing(place.plane, place.files);
  let left = battle.attacks.filter(({ name }) => names.includes(name));
  for (let round = 0; round < 80 && left.length > 0; round++) {
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
  const see = seeing(place.plane, place.files);
  const refused = verdicts.filter(({ by }) => by !== 'nobody').map(({ attack }) => attack);
  const harmed: string[] = [];
  for (const attack of refused)
    if (await attack.harm?.(battle.tenantOf(attack), see)) harmed.push(attack.name);
  return harmed;
}
