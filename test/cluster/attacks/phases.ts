import type { ControlPlane } from '../control-plane.ts';
import type { Install } from '../flux.ts';
import { kubectl } from '../kube.ts';
import type { Processes } from '../processes.ts';
import type { Attack } from './attack.ts';
import { push } from './commit.ts';
import { applyTenants, type Battlefield } from './field.ts';
import type { FileServer } from './file-server.ts';
import { judge, type Verdict } from './judge.ts';

/** Where the fight takes place. */
export type Place = {
  run: Processes;
  plane: ControlPlane;
  files: FileServer;
  controllers: readonly string[];
  /** What the command wrote, as far as it was applied; the ports of the Web UI and of the metrics. */
  install: Install;
  web: number;
  metrics: number;
  lap: (what: string) => void;
};

export type Locked = { reference: Verdict[]; hardened: Verdict[] };
export type Fields = { reference: Battlefield; hardened: Battlefield; open: Battlefield };

/** Both profiles at once, with everything in place. */
export async function attackLocked(place: Place, { reference, hardened }: Fields): Promise<Locked> {
  const both = [reference, hardened];
  const first = await fight(place, both, 'commit', 300);
  const again = both.map((one) => ({ ...one, attacks: one.attacks.filter(({ after }) => after) }));
  const second = await fight(place, again, 'after', 120);
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

/** An annotation that has Flux look now. */
export const requested = () => `reconcile.fluxcd.io/requestedAt=${process.hrtime.bigint()}`;

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

/** Attacks where no guard is left. */
export async function attackOpen(place: Place, open: Battlefield): Promise<Verdict[]> {
  const [first = []] = await fight(place, [open], 'commit', 300);
  const rest = { ...open, attacks: open.attacks.filter(({ after }) => after) };
  const [second = []] = await fight(place, [rest], 'after', 120);
  place.lap('attacked where nothing guards');
  return [...new Map([...first, ...second].map((one) => [one.attack.name, one])).values()];
}
