/** docs/isolation.md, from what happened. */
import { writeFileSync } from 'node:fs';
import { fluxVersion, wrappers } from '../binaries.ts';
import type { Attack } from './attack.ts';
import { chapters } from './catalogue.ts';
import type { Verdict } from './judge.ts';
import type { Locked } from './phases.ts';

const versionOf = (folder: string) => wrappers.find((one) => one.folder === folder)?.version ?? '';

/** Writes the table; the same events write the same bytes. */
export function writeIsolation(file: string, { reference, hardened }: Locked): void {
  const held = (verdicts: Verdict[]) => verdicts.filter(({ by }) => by !== 'nobody').length;
  const find = (verdicts: Verdict[], attack: Attack) =>
    verdicts.find((one) => one.attack.name === attack.name) as Verdict;
  const tables = chapters.map(([title, attacks]) => {
    const rows = attacks.map((attack) => {
      const [one, other] = [find(reference, attack), find(hardened, attack)];
      return `| \`${attack.name}\` | ${attack.attempt} | ${cell(one)} | ${cell(other)} | ${quote(other)} |`;
    });
    return [
      `## ${title}`,
      '',
      '| attack | what is attempted | reference | hardened | in these words |',
      '| --- | --- | --- | --- | --- |',
      ...rows,
      '',
    ].join('\n');
  });
  const counts = `Of ${hardened.length} attacks, profile \`hardened\` refuses ${held(hardened)} and \`reference\` ${held(reference)}.`;
  writeFileSync(file, `${head(counts)}\n${tables.join('\n')}`);
}

const cell = ({ by }: Verdict): string =>
  by === 'nobody' ? '**succeeds**' : `refused: ${by.replace(/^policy (.*)/, 'policy `$1`')}`;

/** The part of a message that speaks to the tenant, without what differs from run to run. */
function quote({ message }: Verdict): string {
  const policy = /denied request: (.*)/s.exec(message)?.[1];
  const text = (policy ?? message)
    .replace(/^.*?(dry-run failed[^:]*: |admission webhook )/s, '')
    .replace(/127\.0\.0\.1:\d+/g, 'HOST')
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
"from a pod" are requests that a pod of the tenant sends to the API server after it. Both profiles stand as the
command writes them, with \`install/\` and, on \`hardened\`, \`policies/\` applied (only \`wait\` is left out of the
syncs, so that none waits for the health of an attack). Every attack was also tried where no guard is left, without
Flux' two locks, policies, Pod Security and quota and with a tenant that may do everything: there each one succeeds.

With the operator's lock alone taken away \`resource-set\` succeeds on \`reference\`; with the FluxInstance's,
\`sync-no-account\`, \`sync-foreign-source\`, \`remote-base\` and \`chart-no-account\` do.

Open on both profiles is \`remote-file\`: \`--no-remote-bases\` refuses bases in repositories, but kustomize fetches a
single file of a \`kustomization.yaml\` over HTTP, with the controller's network position. So a tenant reads whatever
answers the kustomize-controller without asking who it is: metadata services, and the source-controller, which serves
the artifacts of all tenants. No admission policy sees that. Keep what one tenant must not read of another out of
repositories, or encrypted (SOPS), and keep the controller from other addresses by an egress policy of your network.

Kubernetes ${versionOf('kubernetes')}, Flux Operator ${versionOf('flux-operator')}, Flux ${fluxVersion}
(source-controller ${versionOf('source-controller')}, kustomize-controller ${versionOf('kustomize-controller')}, helm-controller ${versionOf('helm-controller')}). The notification controller does not run here: its rows show what RBAC and admission say
of its objects. Network policies are shown to exist and to be kept, not to drop packets.
`;
