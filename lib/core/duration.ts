const NANOSECONDS = {
  h: 3_600_000_000_000n,
  m: 60_000_000_000n,
  s: 1_000_000_000n,
  ms: 1_000_000n,
};

/**
 * The nanoseconds of a Go duration in the units that Flux accepts (`h`, `m`, `s`, `ms`), or
 * undefined. Pattern of the Flux CRDs: `^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`.
 */
export function parseDuration(text: string): bigint | undefined {
  if (!/^(\d{1,12}(\.\d{1,9})?(ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0n;
  for (const [, whole = '', fraction = '', unit] of text.matchAll(/(\d+)(?:\.(\d+))?(ms|s|m|h)/g)) {
    const size = NANOSECONDS[unit as keyof typeof NANOSECONDS];
    total += (BigInt(whole + fraction) * size) / 10n ** BigInt(fraction.length);
  }
  return total;
}

/** `nanoseconds`, one second or more, as Go's Duration.String writes them: `1m0s`, `1h0m0s`. */
export function formatDuration(nanoseconds: bigint): string {
  const hours = nanoseconds / NANOSECONDS.h;
  const minutes = (nanoseconds % NANOSECONDS.h) / NANOSECONDS.m;
  const rest = nanoseconds % NANOSECONDS.m;
  const fraction = String(rest % NANOSECONDS.s)
    .padStart(9, '0')
    .replace(/0+$/, '');
  const seconds = `${rest / NANOSECONDS.s}${fraction && `.${fraction}`}s`;
  if (hours > 0n) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0n ? `${minutes}m${seconds}` : seconds;
}
