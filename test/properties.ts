/**
 * How many random inputs a property is tried with: `quick` by default, which is a tenth of `full`, and all of them with
 * PROPERTY_RUNS=full, as CI has it.
 */
export function runs(full: number, quick = Math.ceil(full / 10)): { numRuns: number } {
  return { numRuns: process.env.PROPERTY_RUNS === 'full' ? full : quick };
}
