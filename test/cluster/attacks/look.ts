/** Has Flux look at once, instead of when an interval has passed. */
import { type Access, kubectl } from '../kube.ts';
import type { Battlefield } from './field.ts';

/** An annotation that has Flux look now. */
export const requested = () => `reconcile.fluxcd.io/requestedAt=${process.hrtime.bigint()}`;

/** Has Flux look at the repository of each tenant. */
export async function look({ attacks, tenantOf }: Battlefield, access: Access): Promise<void> {
  for (const attack of attacks) {
    const { namespace, repo } = tenantOf(attack);
    const where = ['-n', namespace, 'annotate', '--overwrite', `gitrepository/${repo}`];
    await kubectl(access, [...where, requested()]);
  }
}
