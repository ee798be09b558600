/** docs/isolation.md, from what happened. */
import { fluxVersion, wrappers } from '../binaries.ts';
import type { Attack } from './attack.ts';
import { chapters } from './catalogue.ts';
import type { Verdict } from './judge.ts';
import type { Locked } from './phases.ts';

const versionOf = (folder: string) => wrappers.find((one) => one.folder === folder)?.version ?? '';

/** The text with the table; the same events make the same text. */
export function isolationText({ reference, kustomize, hardened }: Locked): string {
  const held = (verdicts: Verdict[]) => verdicts.filter(({ by }) => by !== 'nobody').length;
  const find = (verdicts: Verdict[], attack: Attack) =>
    verdicts.find((one) => one.attack.name === attack.name) as Verdict;
  const tables = chapters.map(([title, attacks]) => {
    const rows = attacks.map((attack) => {
      const verdicts = [reference, kustomize, hardened].map((all) => find(all, attack));
      const cells = verdicts.map(cell).join(' | ');
      return `| \`${attack.name}\` | ${attack.attempt} | ${cells} | ${quote(verdicts[2] as Verdict)} |`;
    });
    return [
      `## ${title}`,
      '',
      '| attack | what is attempted | `reference` | `hardened --allow-kustomize` | `hardened` | in these words, on `hardened` |',
      '| --- | --- | --- | --- | --- | --- |',
      ...rows,
      '',
    ].join('\n');
  });
  const counts = `Of ${hardened.length} attacks, profile \`hardened\` refuses ${held(hardened)} and \`reference\` ${held(reference)}; \`hardened\` with \`--allow-kustomize\` refuses ${held(kustomize)}.`;
  return `${head(counts)}\n${tables.join('\n')}`;
}

/** Whether `text` says the same as `other`, but for the words of the refusals. */
export function sameVerdicts(text: string, other: string): boolean {
  const verdicts = (of: string) => of.replace(/^(\|.*\|) .*? \|$/gm, '$1');
  return verdicts(text) === verdicts(other);
}

const cell = ({ by }: Verdict): string =>
  by === 'nobody' ? '**succeeds**' : `refused: ${by.replace(/^policy (.*)/, 'policy `$1`')}`;

/** The part of a message that speaks to the tenant, without what differs from run to run. */
function quote({ message }: Verdict): string {
  const policy = /denied request: (.*)/s.exec(message)?.[1];
  const text = (policy ?? message)
    .replace(/^.*?(dry-run failed[^:]*: |admission webhook )/s, '')
    .replace(/(127\.0\.0\.1|0\.0\.0\.0):\d+/g, 'HOST')
    .replace(/\/tmp\/[\w./-]+/g, '/tmp/…')
    .replace(/attack-[0-9a-f]{6,10}(-\w{5})?/g, 'attack-…')
    .replace(/\s+/g, ' ')
    .replace(/\|/g, '\\|')
    .trim();
  return text.length > 220 ? `${text.slice(0, 219)}…` : text;
}

const head = (counts: string) => `# What a tenant cannot do, tried

Written by \`npm run attacks\`, on a real control plane with the real Flux controllers. ${counts}

Each attack is a commit to the tenant's own repository, reconciled by Flux with the tenant's own service account; those
"from a pod" are requests that a pod of the tenant sends to the API server after it, those "by a person of the team" requests of
somebody in a group that was given as \`--team\`. Both profiles stand as the
command writes them, with \`install/\` and, on \`hardened\`, \`policies/\` applied (only \`wait\` is left out of the
syncs, so that none waits for the health of an attack). Every attack was also tried where no guard is left, without
Flux's two locks, the patch, policies, Pod Security and quota and with a tenant that may do everything: there each one
succeeds, but for those under "Files", which nothing can be taken away from.

With the operator's values alone taken away, its lock and the Web UI that they turn off, \`resource-set\` and \`web-page\`
succeed on \`reference\`; with what the FluxInstance holds, its lock and its patches, \`sync-no-account\`,
\`sync-foreign-source\`, \`remote-base\`, \`remote-file\`, \`remote-metrics\` and \`chart-no-account\` do.

References to other repositories are closed on every estate, because git would fetch from any address while all other
tenants wait: the patches of the FluxInstance let git use no protocol.

## What is open

- A hardened tenant deploys plain manifests. One that is allowed a \`kustomization.yaml\` (\`--allow-kustomize\`) can do
  what \`remote-artifact\` does: of the addresses that the patches of the FluxInstance leave the kustomize-controller, one
  is the source-controller, which serves the sources of all tenants to whoever asks. So allow it to those that may read
  the sources of the others, or keep secrets in these encrypted (SOPS).
- A commit of a few small git objects, whose folders name each other, unpacks to any number of files (measured with ten
  levels of ten: the source-controller is above 1 GiB after 14 seconds, and a worker is busy for minutes). A tenant may
  have five sources of a kind, and the source-controller has ten workers and 2 GiB, so that others go on (measured with one
  such source for 21 seconds: 1.3 GiB at the end, and another tenant's source handled within 0.5 seconds each time). Its
  memory is shared all the same. A shard of its own confines it, if the tenant makes no objects without the shard's label:
  \`install/README.md\` says how.
- How often an account writes is not held. A loop of 1 MiB objects filled a store of 2 GiB in 140 seconds (measured), and
  then nobody can write. The policy \`tenant-sizes\` bounds ConfigMaps and Secrets, \`tenant-events\` bounds events; other
  kinds are bounded by their number only. With what these let through a loop still made the store grow by 590 MiB a minute,
  and no priority level slows that down (measured, decision 22). \`install/README.md\` says what an administrator sets.
- A text that uses a variable thousands of times takes memory of the kustomize-controller (measured with 250 KB used 4,000
  times: 8 GB). The policy \`tenant-syncs\` bounds the variables to 8 KiB in all, not how often a text uses them.
- Whoever the platform binds to \`edit\` or \`admin\` in a tenant's namespace can act as the tenant's reconciler.
- Not in the table, because it would end the table: a file of 300 bytes whose YAML aliases name each other. Kustomize
  writes them out, ten times as much with each level (measured with its command line: five levels take 0.2 GiB, six
  1.6 GiB), so that the controller reaches the limit of its memory and is started again, for all tenants. Nothing in
  Flux or Kubernetes holds that; a shard of its own confines it to one tenant. \`kubectl -n flux-system get pods\` shows
  the restarts, and the last Kustomization in the controller's log shows whose it is.
- In the same way a ResourceSet whose template repeats itself without end takes the memory of the operator, and a JSON
  patch that copies what it copied, inline in a Kustomization or a HelmRelease, that of their controllers. In the quota
  \`syncs\`, \`"0"\` for \`count/resourcesets…\` keeps them from tenants that need none.
- A tenant whose syncs never become healthy keeps as many of Flux's workers as it may have syncs. The quota leaves it half
  of them, and no sync may wait longer than 15 minutes.
- Where the kustomize-controller itself may use a KMS, SOPS decrypts with that for every tenant: \`install/README.md\` says
  what to set.
- Where a notification Provider posts events to is not held: its address may stand in a Secret.

Kubernetes ${versionOf('kubernetes')}, Flux Operator ${versionOf('flux-operator')}, Flux ${fluxVersion}
(source-controller ${versionOf('source-controller')}, kustomize-controller ${versionOf('kustomize-controller')}, helm-controller ${versionOf('helm-controller')}). The notification controller does not run here: its rows show what RBAC and admission say
of its objects. Network policies are shown to exist and to be kept, not to drop packets.
`;
