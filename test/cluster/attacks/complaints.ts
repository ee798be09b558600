/** What did not happen as the catalogue says. */
import { type Guarded, guarded, guardOf } from './attack.ts';
import type { Verdict } from './judge.ts';
import type { Locked } from './phases.ts';
import type { Unlocked } from './unlock.ts';

/** What the policies do not hold by themselves when Flux' locks are gone. */
const lockOnly = ['web-page'];

/** Everything that is not as the catalogue says, one paragraph each. */
export function complaints(
  locked: Locked,
  { refused, lockedOnly }: Unlocked,
  open: Verdict[],
): string[] {
  const unlike = (field: Guarded) =>
    locked[field]
      .filter(({ attack, by }) => by !== guardOf(attack, field))
      .map(
        ({ attack, by, message }) =>
          `${field} ${attack.name}: ${by}, not ${guardOf(attack, field)}\n  ${message}`,
      );
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
    ...guarded.flatMap(unlike),
    ...unsaid,
    ...failed,
    ...refused.map((name) => `reference ${name}: refused although the lock is gone`),
    ...lockedOnly
      .filter((name) => !lockOnly.includes(name))
      .map((name) => `hardened ${name}: succeeds without Flux' locks`),
  ];
}
