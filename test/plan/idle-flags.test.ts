import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { flagOf, type SettingKey, settingsOf } from '../../lib/settings/settings.ts';
import { readTree, runHere, succeed, temporaryFolder } from '../sandbox.ts';

/** For each setting that files can show, a value that is not its default. */
const VALUES: { readonly [key in SettingKey]?: string } = {
  ...{ prefix: 'other', interval: '7m', clusterType: 'aws', profile: 'reference', team: 'devs' },
  ...{ allowSource: 'https://github.com/x/y', tenantSource: 'https://github.com/x/y' },
  ...{ allowPriorityClass: 'high', size: 'small', loadBalancers: '2', nodePorts: '3' },
  ...{ leaveOut: 'ClusterRole', sshUrl: 'ssh://git@ssh.github.com:443', codeowners: '@me' },
  ...{ registry: 'oci://registry.example.com/x', signature: 'key', source: 'oci', ci: 'github' },
  ...{ image: 'ghcr.io/x/y:1', serviceType: 'LoadBalancer', replicas: '4', colour: 'Khaki' },
  ...{ content: 'hello', credentials: 'token', layout: 'overlays', allowKustomize: 'no' },
};

/** The settings of the estate, or of the app repo. */
const CONTEXTS: readonly (readonly string[])[] = [
  [],
  ['--profile=reference'],
  ['--no-demo'],
  ['--no-demo', '--profile=reference'],
  ['--visibility=private', '--allow-kustomize'],
  ['--visibility=private', '--allow-kustomize', '--source=oci', '--sync-config'],
];

const OWNER = '--owner=octo-org';

/** The run of a command in an estate with the settings of a context. */
const COMMANDS = {
  app: { words: ['--scenario=flux-web=dev', OWNER], takesContext: true },
  tenant: { words: ['tenant', 'qa', '--into=flux-demo'], takesContext: false },
  'scenario-repo': { words: ['scenario-repo', 'flux-qa', OWNER], takesContext: true },
} as const;

for (const [name, { words, takesContext }] of Object.entries(COMMANDS)) {
  const command = name as keyof typeof COMMANDS;
  test(`${command}: a flag that changes no file says so, and no other flag does`, async () => {
    for (const all of CONTEXTS) {
      const known = settingsOf(command).map(flagOf);
      const own = all.filter((word) => known.includes(word.split('=')[0] ?? ''));
      const start = temporaryFolder();
      if (!takesContext) await succeed(['--scenario=flux-web=dev', OWNER, ...all], start);
      const context = takesContext ? own : [];
      const plain = await written(start, [...words, ...context]);
      assert.equal(plain.code, 0, plain.said);
      for (const key of settingsOf(command)) {
        const word = `${flagOf(key)}=${VALUES[key]}`;
        if (VALUES[key] === undefined || all.some((one) => one.startsWith(flagOf(key)))) continue;
        const run = await written(start, [...words, ...context, word]);
        if (run.code !== 0) continue;
        const isIdle = [...run.files].every(([path, text]) => plain.files.get(path) === text);
        const what = `${command} ${all.join(' ')} ${word}:\n${run.said}`;
        assert.equal(run.said.includes(`${flagOf(key)} changes nothing for `), isIdle, what);
      }
    }
  });
}

/** What a run in a copy of the folder `start` writes, without the records. */
async function written(start: string, words: readonly string[]) {
  const folder = temporaryFolder();
  cpSync(start, folder, { recursive: true });
  const { code, stderr } = await runHere(words, folder);
  const files = readTree(folder);
  for (const path of files.keys()) if (path.endsWith('.yo-rc.json')) files.delete(path);
  rmSync(folder, { recursive: true });
  return { code, files, said: stderr.replaceAll(/\s+/g, ' ') };
}
