/** Attacks whose harm is that the syncs of other tenants wait. */
import { kubectl } from '../kube.ts';
import { type Attack, at, type Tenant } from './attack.ts';
import { push } from './commit.ts';
import type { Battlefield } from './field.ts';
import { ended, hasApplied, hear, seeing, type Verdict } from './judge.ts';
import { look, requested } from './look.ts';
import type { Place } from './place.ts';

/** Who waits longer than this for a sync was kept from it; one that is handled at once takes about a second. */
const patience = 30_000;

const kustomize = 'kustomize.toolkit.fluxcd.io/v1';

/** One such attack after the other; each is over before the next. */
export async function stallAll(place: Place, battle: Battlefield): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const attack of battle.attacks.filter(({ stall }) => stall))
    verdicts.push(await stallOne(place, battle, attack));
  return verdicts;
}

async function stallOne(place: Place, battle: Battlefield, attack: Attack): Promise<Verdict> {
  const tenant = battle.tenantOf(attack);
  const alone = { ...battle, attacks: [attack] };
  const commit = await push(alone, 'stall');
  await look(alone, place.plane);
  const verdict = await verdictOf(place, battle, attack, commit);
  const waited = await othersWait(place, tenant);
  place.lines.release(tenant.namespace);
  place.lap(`${tenant.namespace}: another tenant ${waited ? 'waits' : 'is handled'}`);
  if (verdict.by === 'unknown') return verdict;
  if (waited) return { attack, by: 'nobody', message: '' };
  return verdict.by === 'nobody'
    ? { attack, by: 'unknown', message: 'somebody dialled, and nobody had to wait' }
    : verdict;
}

/** How one attack ended; unknown if it has not ended after three minutes, so that the run can go on and say so. */
async function verdictOf(
  place: Place,
  battle: Battlefield,
  attack: Attack,
  commit: string,
): Promise<Verdict> {
  const tenant = battle.tenantOf(attack);
  const see = seeing(place.plane, place.files, place.lines);
  const end = Date.now() + 180_000;
  for (;;) {
    const all = await hear(place.plane);
    const heard = all.said.get(tenant.namespace) ?? [];
    const found = await ended(attack, tenant, see, heard, hasApplied(all, tenant, commit));
    if (found) return found;
    if (Date.now() > end) return { attack, by: 'unknown', message: heard.join('\n') };
    await new Promise((done) => setTimeout(done, 200));
  }
}

/** Whether a sync of another tenant is not handled in time. */
async function othersWait(place: Place, { victim, repo }: Tenant): Promise<boolean> {
  const token = requested();
  const where = ['-n', victim, 'annotate', '--overwrite', `kustomization/${repo}`];
  await kubectl(place.plane, [...where, token]);
  const see = seeing(place.plane, place.files, place.lines);
  const end = Date.now() + patience;
  while (Date.now() < end) {
    const found = await see(at.group(kustomize, victim, 'kustomizations', repo));
    if (token.endsWith(`=${found?.status?.lastHandledReconcileAt}`)) return false;
    await new Promise((done) => setTimeout(done, 200));
  }
  return true;
}
