/** The attacks of all estates with guards, and those where nothing guards. */
import { type Guarded, guarded } from './attack.ts';
import { push } from './commit.ts';
import { applyTenants, type Battlefield } from './field.ts';
import { judge, type Verdict } from './judge.ts';
import { look } from './look.ts';
import type { Place } from './place.ts';
import { stallAll } from './stall.ts';

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
  const first = await fight(place, battles, 'commit', 600);
  // What was refused at its first step has no second one, and its refusal would be gone.
  const again = battles.map((one, n) => ({
    ...one,
    attacks: one.attacks.filter(({ after }, at) => after && first[n]?.[at]?.by === 'nobody'),
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
  // kubectl limits its own requests, so several of them together are quicker than one after the other.
  const begin = step === 'commit' ? applyTenants : look;
  await Promise.all(battles.map((battle) => begin(battle, place.plane)));
  place.lap(`${battles.map(({ field }) => field).join(' and ')}: ${step} pushed`);
  return Promise.all(
    battles.map((battle, n) => judge(battle, place, { commit: commits[n] ?? '', step, seconds })),
  );
}

/** Attacks where no guard is left. */
export async function attackOpen(place: Place, open: Battlefield): Promise<Verdict[]> {
  const [verdicts = []] = await attack(place, [open]);
  place.lap('attacked where nothing guards');
  return verdicts;
}
