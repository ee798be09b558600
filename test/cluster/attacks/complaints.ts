/** What did not happen as the catalogue says. */
import { guarded, guardOf } from './attack.ts';
import type { Verdict } from './judge.ts';
import type { Locked } from './phases.ts';
import type { Unlocked } from './unlock.ts';

/** What the policies do not hold by themselves when Flux's locks are gone. */
const lockOnly = ['web-page'];

/** What was not refused by whom the catalogue says, on the estates with guards. */
export const unlike = (locked: Locked): string[] =>
  guarded.flatMap((field) =>
    locked[field]
      .filter(({ attack, by }) => by !== guardOf(attack, field))
      .map(
        ({ attack, by, message }) =>
          `${field} ${attack.name}: ${by}, not ${guardOf(attack, field)}\n  ${message}`,
      ),
  );

/** Everything that is not as the catalogue says, one paragraph each. */
export function complaints(
  locked: Locked,
  { refused, lockedOnly }: Unlocked,
  open: Verdict[],
): string[] {
  const unsaid = locked.hardened
    .filter(({ attack, message }) => attack.says && !attack.says.test(message))
    .map(
      ({ attack, message }) => `hardened ${attack.name}: does not say ${attack.says}\n  ${message}`,
    );
  const failed = open
    .filter(({ attack, by }) => by !== (attack.open ?? 'nobody'))
    .map(
      ({ attack, message }) => `open ${attack.name}: no harm where nothing guards\n  ${message}`,
    );
  return [
    ...unlike(locked),
    ...unsaid,
    ...failed,
    ...refused.map((name) => `reference ${name}: refused although the lock is gone`),
    ...lockedOnly
      .filter((name) => !lockOnly.includes(name))
      .map((name) => `hardened ${name}: succeeds without Flux's locks`),
  ];
}
