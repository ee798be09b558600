/** What is committed to the tenants' repository. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { publish } from '../estate.ts';
import { type Commit, core, type Field, type Manifest, of } from './attack.ts';
import type { Battlefield } from './field.ts';

const rbac = 'rbac.authorization.k8s.io/v1';

/** Writes the commit of each attack, or the one after it, and pushes; returns the commit's hash. */
export async function push(
  battle: Battlefield,
  step: 'commit' | 'after' | 'stall',
): Promise<string> {
  const root = join(battle.estate.dir, battle.repo);
  for (const attack of battle.attacks) {
    const files = attack[step]?.(battle.tenantOf(attack));
    if (!files) continue;
    rmSync(join(root, attack.name), { recursive: true, force: true });
    writeCommit(join(root, attack.name), files);
  }
  const [first] = battle.attacks;
  if (step === 'commit' && first) writeInner(root, battle.tenantOf(first).field);
  return publish(battle.estate, battle.repo);
}

function writeCommit(folder: string, files: Commit): void {
  for (const [name, contents] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    if (typeof contents === 'string') writeFileSync(path, contents);
    else if ('link' in contents) symlinkSync(contents.link, path);
    else writeFileSync(path, toYaml(contents));
  }
}

// JSON is YAML, and says exactly what is meant.
const toYaml = (list: readonly Manifest[]): string =>
  list.map((one) => `---\n${JSON.stringify(one)}\n`).join('');

// biome-ignore lint/suspicious/noTemplateCurlyInString: Flux fills it in, not JavaScript.
const placeholder = '${password}';

/** What inner syncs apply. */
function writeInner(root: string, field: Field): void {
  const made = core('ConfigMap', { name: 'made' });
  const leaked = core('ConfigMap', { name: 'leaked' }, { data: { password: placeholder } });
  const role = of(rbac, 'ClusterRole', { name: `${field}-sync-no-account-made` }, undefined, {
    rules: [],
  });
  const spec = { podSelector: { matchLabels: { none: 'none' } }, policyTypes: ['Ingress'] };
  const clash = of('networking.k8s.io/v1', 'NetworkPolicy', { name: 'allow-same-namespace' }, spec);
  writeCommit(join(root, 'inner/clash'), { 'clash.yaml': [clash] });
  writeCommit(join(root, 'inner/made'), { 'made.yaml': [made] });
  const remote = { 'made.yaml': [made], 'kustomization.yaml': 'resources: [made.yaml]\n' };
  writeCommit(join(root, 'inner/remote'), remote);
  writeCommit(join(root, 'inner/leak'), { 'leak.yaml': [leaked] });
  writeCommit(join(root, 'inner/sync-no-account'), { 'role.yaml': [role] });
}
