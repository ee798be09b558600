/**
 * How many random inputs a property is tried with: a tenth of `full` by default, all of them with
 * PROPERTY_RUNS=full, as CI has it.
 */
export function runs(full: number): { numRuns: number } {
  return { numRuns: process.env.PROPERTY_RUNS === 'full' ? full : Math.ceil(full / 10) };
}
