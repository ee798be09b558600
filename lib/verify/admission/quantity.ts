const UNITS: { readonly [unit: string]: number } = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** A quantity of Kubernetes as a number; undefined when it is none. */
export function amountOf(quantity: unknown): number | undefined {
  if (typeof quantity === 'number') return quantity;
  const [, digits, unit = '', exponent] =
    /^([+-]?(?:\d+\.?\d*|\.\d+))([KMGTPE]i|[numkMGTPE]|)?(?:[eE]([+-]?\d+))?$/.exec(
      // The API server ignores blanks around it.
      String(quantity).trim(),
    ) ?? [];
  if (digits === undefined) return undefined;
  return Number(digits) * (UNITS[unit] ?? 1) * 10 ** Number(exponent ?? 0);
}

/** `amount` as a quantity that people read: in the unit of `like`. */
export function quantityText(amount: number, like: unknown): string {
  const binary = /i$/.test(String(like)) || amount >= 2 ** 20;
  if (binary) {
    const sizes = ['Ti', 'Gi', 'Mi', 'Ki'];
    // A number that nobody can read is rounded.
    const isExact = (one: string): boolean =>
      amount % (UNITS[one] ?? 1) === 0 && amount / (UNITS[one] ?? 1) < 100_000;
    const unit = sizes.find(isExact) ?? sizes.find((one) => amount >= (UNITS[one] ?? 1)) ?? 'Mi';
    return `${trimmed(amount / (UNITS[unit] ?? 1))}${unit}`;
  }
  if (Number.isInteger(amount)) return String(amount);
  return `${Math.ceil(amount * 1000)}m`;
}

const trimmed = (amount: number): string => String(Math.ceil(amount * 100) / 100);
