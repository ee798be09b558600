/** What is committed to the tenants' repository. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publish } from '../estate.ts';
import { type Commit, core, type Field, type Manifest, of } from './attack.ts';
import { type Battlefield, repo } from './field.ts';

const rbac = 'rbac.authorization.k8s.io/v1';

/** Writes the commit of each attack, or the one after it, and pushes; returns the commit's hash. */
export async function push(battle: Battlefield, step: 'commit' | 'after'): Promise<string> {
  const root = join(battle.estate.dir, repo);
  for (const attack of battle.attacks) {
    const files = attack[step]?.(battle.tenantOf(attack));
    if (!files) continue;
    rmSync(join(root, attack.name), { recursive: true, force: true });
    writeCommit(join(root, attack.name), files);
  }
  const [first] = battle.attacks;
  if (step === 'commit' && first) writeInner(root, battle.tenantOf(first).field);
  return publish(battle.estate, repo);
}

function writeCommit(folder: string, files: Commit): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, contents] of Object.entries(files)) {
    const text = typeof contents === 'string' ? contents : toYaml(contents);
    writeFileSync(join(folder, name), text);
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
  writeCommit(join(root, 'inner/made'), { 'made.yaml': [made] });
  const remote = { 'made.yaml': [made], 'kustomization.yaml': 'resources: [made.yaml]\n' };
  writeCommit(join(root, 'inner/remote'), remote);
  writeCommit(join(root, 'inner/leak'), { 'leak.yaml': [leaked] });
  writeCommit(join(root, 'inner/sync-no-account'), { 'role.yaml': [role] });
}
