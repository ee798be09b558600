/** docs/isolation.md, from what happened. */
import { fluxVersion, wrappers } from '../binaries.ts';
import type { Attack } from './attack.ts';
import { chapters } from './catalogue.ts';
import type { Verdict } from './judge.ts';
import type { Locked } from './phases.ts';

const versionOf = (folder: string) => wrappers.find((one) => one.folder === folder)?.version ?? '';

/** The text with the table; the same events make the same text. */
export function isolationText(all: Locked): string {
  const held = (verdicts: Verdict[]) => verdicts.filter(({ by }) => by !== 'nobody').length;
  const find = (verdicts: Verdict[], attack: Attack) =>
    verdicts.find((one) => one.attack.name === attack.name) as Verdict;
  const tables = chapters.map(([title, attacks]) => {
    const rows = attacks.map((attack) => {
      const verdicts = [all.reference, all.public, all.private].map((one) => find(one, attack));
      const cells = verdicts.map(cell).join(' | ');
      return `| \`${attack.name}\` | ${attack.attempt} | ${cells} | ${quote(verdicts[2] as Verdict)} |`;
    });
    return [
      `## ${title}`,
      '',
      '| attack | what the tenant tries | `reference` | default: public | private | message on private |',
      '| --- | --- | --- | --- | --- | --- |',
      ...rows,
      '',
    ].join('\n');
  });
  const counts = `Of ${all.private.length} attacks, the default estate refuses ${held(all.public)}, an estate with private repositories refuses ${held(all.private)}, and profile \`reference\` refuses ${held(all.reference)}.`;
  return `${head(counts)}\n${tables.join('\n')}`;
}

/** Whether `text` equals `other`, apart from the quoted messages. */
export function sameVerdicts(text: string, other: string): boolean {
  const verdicts = (of: string) => of.replace(/^(\|.*\|) .*? \|$/gm, '$1');
  return verdicts(text) === verdicts(other);
}

const cell = ({ by }: Verdict): string =>
  by === 'nobody' ? '**succeeds**' : `refused: ${by.replace(/^policy (.*)/, 'policy `$1`')}`;

/** The part of a message that is for the tenant, without details that differ from run to run. */
function quote({ message }: Verdict): string {
  const policy = /denied request: (.*)/s.exec(message)?.[1];
  // Messages of the policies are our own and are quoted in full.
  const limit = policy === undefined ? 220 : 600;
  const text = (policy ?? message)
    .replace(/^.*?(dry-run failed[^:]*: |admission webhook )/s, '')
    .replace(/(127\.0\.0\.1|0\.0\.0\.0):\d+/g, 'HOST')
    .replace(/\/tmp\/[\w./-]+/g, '/tmp/…')
    .replace(/attack-[0-9a-f]{6,10}(-\w{5})?/g, 'attack-…')
    .replace(/\s+/g, ' ')
    .replace(/\|/g, '\\|')
    .trim();
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}

const head = (counts: string) => `# Attacks on the isolation of tenants

\`npm run attacks\` writes this page. It uses a real control plane and the real Flux controllers. ${counts}

## How the attacks work

- An attack is a commit to the tenant's own repository. Flux reconciles it with the tenant's own service account.
- An attack that starts with "from a pod" is a request to the API server, which a pod of the tenant sends after the commit.
- An attack that starts with "by a person of the team" is a request of somebody in a group that was given as \`--team\`.
- There are three estates with guards. The default estate has profile \`hardened\` and public repositories. The private estate
  has profile \`hardened\` and \`--visibility private\`. The third one has profile \`reference\`. They are as the command writes
  them, with \`install/\` applied, and on \`hardened\` also \`policies/\`. Two differences: the syncs have no \`wait\`, so
  that no sync waits for the health of an attack. Flux tries a refused sync again after ten minutes instead of two, because
  the controllers would otherwise only repeat hundreds of refused syncs.
- Every attack also runs on a cluster without guards: without Flux's two locks, the patches, the policies, Pod Security and
  the quotas, and with tenants that may do everything. There every attack succeeds, except those that Flux itself, the
  git server or the API server always refuses, such as those under "Files".
- Without the operator's values (its lock, and the Web UI switched off), \`resource-set\` and \`web-page\` succeed on
  \`reference\`. Without the lock and the patches of the FluxInstance, these succeed on \`reference\`: \`sync-no-account\`,
  \`sync-foreign-source\`, \`remote-base\`, \`remote-file\`, \`remote-metrics\` and \`chart-no-account\`.
- References to other repositories are blocked on every estate: the patches of the FluxInstance allow git no protocol.
  Otherwise git could connect to any address while all other tenants wait.

## Who refuses an attack

| word in the tables | meaning |
| --- | --- |
| RBAC, Pod Security, ResourceQuota, API server | the guards of Kubernetes |
| policy \`NAME\` | a ValidatingAdmissionPolicy in \`policies/\` |
| Flux lockdown | the multi-tenancy lock of the FluxInstance |
| FluxInstance patch | the patches in the FluxInstance: no proxy, no git protocol |
| operator lock, operator values | the Helm values of the Flux Operator |
| Flux itself | a check that Flux always makes |
| targetNamespace | Flux applies the object in the tenant's own namespace |
| patches of the sync | the sync leaves the object out |
| git server | the server knows which repository a deploy key opens |
| plain manifests | Flux ignores the \`kustomization.yaml\` |

## What is open

- **On the default estate, a tenant can read the sources of all tenants.** There the repositories are public, so everybody can
  read them anyway, and tenants may use a \`kustomization.yaml\`. With it a tenant can do what \`remote-artifact\` does. The
  patches of the FluxInstance must leave the source-controller in reach of the kustomize-controller, and the
  source-controller serves the sources of all tenants to every client. So tell the command when a repository is private
  (\`--visibility private\`, or \`--allow-kustomize=no\`): then Flux ignores every \`kustomization.yaml\`. Give
  \`--allow-kustomize\` on such an estate only to tenants that may read the sources of the others, or encrypt the secrets in
  these sources (SOPS).
- **A small commit can unpack to very many files.** A few small git objects are enough, if their folders refer to each
  other. Measured with ten levels of ten: the source-controller uses more than 1 GiB after 14 seconds, and a worker is busy
  for minutes. A tenant may have five sources of a kind, and the source-controller has ten workers and 2 GiB, so other
  tenants can continue. Measured with one such source for 21 seconds: 1.3 GiB at the end, and Flux handled another tenant's
  source within 0.5 seconds each time. All tenants still share the memory. A shard for one tenant confines the problem, if
  the tenant creates no objects without the label of the shard: see \`install/README.md\`.
- **The number of writes has no limit.** A loop of 1 MiB objects filled a store of 2 GiB in 140 seconds (measured). After
  that nobody can write. The policy \`tenant-sizes\` limits ConfigMaps and Secrets, and \`tenant-events\` limits Events. Other
  kinds are limited only by their number. With these limits a loop still made the store grow by 590 MiB a minute, and no
  priority level slows it down (measured, decision 22). \`install/README.md\` says what an administrator can set.
- **A text can use a variable very often.** The kustomize-controller needs memory for each use. Measured with 250 KB used
  4,000 times: 8 GB. The policy \`tenant-syncs\` limits all variables together to 8 KiB, but not how often a text uses them.
- **The roles \`edit\` and \`admin\` include impersonation.** An account that the platform binds to one of these roles in a
  tenant's namespace can act as the tenant's reconciler.
- **YAML aliases can use all memory of the kustomize-controller.** A file of 300 bytes is enough, if its aliases refer to
  each other. Kustomize expands them, ten times as much with each level. Measured with the command line of kustomize: five
  levels take 0.2 GiB, six take 1.6 GiB. The controller then reaches its memory limit and restarts, for all tenants. Nothing
  in Flux or Kubernetes prevents that. A shard for one tenant confines the problem. \`kubectl -n flux-system get pods\` shows
  the restarts, and the last Kustomization in the controller's log shows the tenant. This attack is not in the tables,
  because it would stop the controller that the other attacks need.
- **Templates and patches can use all memory in the same way.** A ResourceSet template that repeats itself without end
  affects the Flux Operator. An inline JSON patch that copies its own copies, in a Kustomization or a HelmRelease, affects
  the controller of that kind. To forbid ResourceSets to a tenant that needs none, set \`count/resourcesets…\` to \`"0"\` in the
  quota \`syncs\`.
- **Syncs that never become healthy keep workers busy.** A tenant can keep as many of Flux's workers busy as it may have
  syncs. The quota allows a tenant half of the workers, and no sync may wait longer than 15 minutes.
- **SOPS with a KMS decrypts for every tenant**, if the kustomize-controller itself may use the KMS. \`install/README.md\`
  says what to set.
- **A notification Provider can send events to any address.** The address may be in a Secret.

Versions: Kubernetes ${versionOf('kubernetes')}, Flux Operator ${versionOf('flux-operator')}, Flux ${fluxVersion}
(source-controller ${versionOf('source-controller')}, kustomize-controller ${versionOf('kustomize-controller')}, helm-controller ${versionOf('helm-controller')}).

Limits of these tests: the notification-controller does not run, so its rows show only what RBAC and admission say. The
tests show that network policies exist and cannot be changed. They do not show that packets are dropped.
`;
