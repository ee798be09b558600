import type { ControlPlane } from '../control-plane.ts';
import type { Install } from '../flux.ts';
import { kubectl } from '../kube.ts';
import type { Processes } from '../processes.ts';
import { type Attack, type Guarded, guarded } from './attack.ts';
import { push } from './commit.ts';
import { applyTenants, type Battlefield } from './field.ts';
import type { FileServer } from './file-server.ts';
import { judge, type Verdict } from './judge.ts';
import type { Lines } from './lines.ts';
import { stallAll } from './stall.ts';

/** Where the fight takes place. */
export type Place = {
  run: Processes;
  plane: ControlPlane;
  files: FileServer;
  lines: Lines;
  controllers: readonly string[];
  /** What the command wrote, as far as it was applied; the ports of the Web UI and of the metrics. */
  install: Install;
  web: number;
  metrics: number;
  lap: (what: string) => void;
};

export type Locked = Record<Guarded, Verdict[]>;
export type Fields = Record<Guarded | 'open', Battlefield>;

/** All guarded estates at once, with everything in place. */
export async function attackLocked(place: Place, fields: Fields): Promise<Locked> {
  const locked = {} as Locked;
  const verdicts = await attack(
    place,
    guarded.map((field) => fields[field]),
  );
  guarded.forEach((field, n) => {
    locked[field] = verdicts[n] ?? [];
  });
  place.lap('attacked with all guards in place');
  return locked;
}

/** Every step of every attack; how each ended, by battle, in the order of the catalogue. */
async function attack(place: Place, battles: readonly Battlefield[]): Promise<Verdict[][]> {
  const first = await fight(place, battles, 'commit', 300);
  const again = battles.map((one) => ({
    ...one,
    attacks: one.attacks.filter(({ after }) => after),
  }));
  const second = await fight(place, again, 'after', 120);
  const third: Verdict[][] = [];
  for (const battle of battles) third.push(await stallAll(place, battle));
  return battles.map((_, n) => {
    const all = [...(first[n] ?? []), ...(second[n] ?? []), ...(third[n] ?? [])];
    return [...new Map(all.map((one) => [one.attack.name, one])).values()];
  });
}

/** One commit to every repository, and what becomes of it. */
async function fight(
  place: Place,
  battles: readonly Battlefield[],
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
    battles.map((battle, n) => judge(quick(battle, step), place, commits[n] ?? '', seconds)),
  );
}

/** An attack in more steps than one has done no harm after its first; it is only waited for. */
function quick(battle: Battlefield, step: 'commit' | 'after'): Battlefield {
  if (step === 'after') return battle;
  const attacks = battle.attacks.map((attack): Attack => {
    if (!attack.after && !attack.stall) return attack;
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

/** An annotation that has Flux look now. */
export const requested = () => `reconcile.fluxcd.io/requestedAt=${process.hrtime.bigint()}`;

/** Has Flux look at the repository of each tenant. */
export async function look(place: Place, { attacks, tenantOf }: Battlefield): Promise<void> {
  for (const attack of attacks) {
    const { namespace, repo } = tenantOf(attack);
    const where = ['-n', namespace, 'annotate', '--overwrite', `gitrepository/${repo}`];
    await kubectl(place.plane, [...where, requested()]);
  }
}

/** Attacks where no guard is left. */
export async function attackOpen(place: Place, open: Battlefield): Promise<Verdict[]> {
  const [verdicts = []] = await attack(place, [open]);
  place.lap('attacked where nothing guards');
  return verdicts;
}
