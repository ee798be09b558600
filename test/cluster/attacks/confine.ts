/** A tenant confined to plain manifests of the platform's source, as docs/isolation.md says. */
import { join } from 'node:path';
import { kubectl, tryKubectl } from '../kube.ts';
import { until } from '../wait.ts';
import { of } from './attack.ts';
import { type Battlefield, change } from './field.ts';
import { seeing } from './judge.ts';
import { type Place, requested } from './phases.ts';

/** The names that kustomize knows its file by. */
const ignore = 'kustomization.yaml\nkustomization.yml\nKustomization\n';
/** What else a Kustomization may be fed by, and how much of it the platform itself applied. */
const room = { gitrepositories: '1', ocirepositories: '0', buckets: '0' };

/** Confines the tenants whose attack `confined` says so; returns what it does not keep from happening. */
export async function confine(place: Place, battle: Battlefield): Promise<string[]> {
  const left: string[] = [];
  for (const attack of battle.attacks.filter(({ confined }) => confined)) {
    const tenant = battle.tenantOf(attack);
    const sync = join(battle.estate.dir, 'flux-demo', attack.name, '2_sync.yaml');
    change(sync, (document) => {
      if (document.get('kind') === 'GitRepository') document.setIn(['spec', 'ignore'], ignore);
      for (const [plural, count] of Object.entries(room))
        if (document.get('kind') === 'ResourceQuota')
          document.setIn(['spec', 'hard', `count/${plural}.source.toolkit.fluxcd.io`], count);
      return true;
    });
    await kubectl(place.plane, ['apply', '-f', sync]);
    const see = seeing(place.plane, place.files);
    const where = ['-n', tenant.namespace];
    await until(`${attack.name} ends when confined`, 60_000, async () => {
      if (!(await attack.harm?.(tenant, see))) return { ok: true };
      const again = ['annotate', '--overwrite', `kustomization/${tenant.repo}`, requested()];
      await kubectl(place.plane, [...where, ...again]);
      return { seen: 'still there' };
    }).catch((error: Error) => left.push(error.message));
    const own = of(
      'source.toolkit.fluxcd.io/v1',
      'GitRepository',
      { name: 'own', namespace: tenant.namespace },
      { interval: '1h', url: tenant.url },
    );
    const as = `system:serviceaccount:${tenant.namespace}:${tenant.namespace}`;
    const create = ['--as', as, ...where, 'create', '-f', '-'];
    const { error } = await tryKubectl(place.plane, create, JSON.stringify(own));
    if (!/exceeded quota: syncs/.test(error)) left.push(`${attack.name}: a way round: ${error}`);
  }
  place.lap('tenants confined');
  return left;
}
