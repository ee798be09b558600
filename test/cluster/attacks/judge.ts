/** Whether an attack did its harm, and if not, who refused it and in which words. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Access, call, tryKubectl } from '../kube.ts';
import { type Attack, type Guard, guardOf, type See, type Tenant } from './attack.ts';
import type { Battlefield } from './field.ts';
import type { FileServer } from './file-server.ts';
import type { Lines } from './lines.ts';

/** How an attack ended; `nobody` refused one that did its harm. */
export type Verdict = { attack: Attack; by: Guard | 'unknown'; message: string };

type Listed = {
  kind?: string;
  metadata: { namespace: string; name: string };
  status?: { conditions?: { type: string; status: string; message?: string }[] };
  reason?: string;
  message?: string;
};

/** Whose sentences these are; the first that matches. */
const voices: readonly (readonly [Guard, RegExp])[] = [
  ['API server', /Request entity too large/i],
  ['git server', /repository not found: git repository/],
  [
    'Flux itself',
    /failed to get secret|must be local and relative|fs-security-constraint read|exceeded max depth|secret.txt: no such file/,
  ],
  ['Pod Security', /violates PodSecurity/],
  ['ResourceQuota', /exceeded quota/],
  [
    'Flux lockdown',
    /cross-namespace references|fs-security-constraint|can't access|:default" cannot/,
  ],
  ['FluxInstance patch', /transport '\w+' not allowed|proxyconnect tcp|\/metrics": dial tcp/],
  ['operator lock', /:flux-operator" cannot/],
  ['RBAC', /is forbidden: User|attempting to grant RBAC|cannot \w+ resource|not currently held/],
];

/** Who says this. */
export function voiceOf(message: string): Guard | undefined {
  const policy = /ValidatingAdmissionPolicy '([\w-]+)'/.exec(message)?.[1];
  if (policy) return `policy ${policy}`;
  return voices.find(([, pattern]) => pattern.test(message))?.[0];
}

const kinds = [
  '/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations',
  '/apis/helm.toolkit.fluxcd.io/v2/helmreleases',
  '/apis/source.toolkit.fluxcd.io/v1/gitrepositories',
  '/apis/fluxcd.controlplane.io/v1/resourcesets',
  '/apis/apps/v1/replicasets',
  '/api/v1/events?fieldSelector=reason%3DFailedCreate',
];

/** Everything that is said not to have worked, by namespace; and what syncs that went well say. */
type Heard = { said: ReadonlyMap<string, readonly string[]>; ready: ReadonlySet<string> };

/** Asks every object at once. */
export async function hear(access: Access): Promise<Heard> {
  const said = new Map<string, string[]>();
  const ready = new Set<string>();
  for (const path of kinds) {
    const { out } = await call(access, path);
    for (const one of (JSON.parse(out) as { items?: Listed[] }).items ?? []) {
      const { namespace, name } = one.metadata;
      const heard = said.get(namespace) ?? [];
      said.set(namespace, heard);
      if (one.message) heard.push(one.message);
      for (const { type, status, message = '' } of one.status?.conditions ?? []) {
        if (status === 'False' || type === 'ReplicaFailure' || type === 'Stalled')
          heard.push(message);
        if (
          path.endsWith('kustomizations') &&
          name.startsWith('attacks') &&
          type === 'Ready' &&
          status === 'True'
        )
          ready.add(`${namespace} ${message}`);
      }
    }
  }
  return { said, ready };
}

/** Whether the tenant's own sync has applied `commit`. */
export const hasApplied = ({ ready }: Heard, { namespace }: Tenant, commit: string): boolean =>
  [...ready].some((one) => one.startsWith(`${namespace} `) && one.includes(commit));

/** Reads objects and pages, what the file server was asked for, and who has dialled. */
export const seeing =
  (access: Access, files: FileServer, lines: Lines): See =>
  async (path) => {
    if (path.startsWith('http:'))
      return (
        fetch(path)
          .then((page) => page.json())
          // Nobody listens there, or is not ready.
          .catch(() => undefined)
      );
    if (path.startsWith('seen:')) return files.asked.find((one) => one.includes(path.slice(5)));
    if (path.startsWith('dialled:')) return lines.dialled(path.slice(8));
    const { code, out } = await call(access, path);
    return code === 200 ? JSON.parse(out) : undefined;
  };

/** Waits until every attack of a field has ended one way or the other. */
export async function judge(
  battle: Battlefield,
  { plane: access, files, lines }: { plane: Access; files: FileServer; lines: Lines },
  { commit, step, seconds }: { commit: string; step: 'commit' | 'after'; seconds: number },
): Promise<Verdict[]> {
  const end = Date.now() + seconds * 1000;
  const verdicts = new Map<string, Verdict>();
  const see = seeing(access, files, lines);
  const asked = new Map<string, string>();
  for (;;) {
    const all = await hear(access);
    for (const attack of battle.attacks.filter(({ name }) => !verdicts.has(name))) {
      const tenant = battle.tenantOf(attack);
      const applied = hasApplied(all, tenant, commit);
      const heard = [...(all.said.get(tenant.namespace) ?? [])];
      if (attack.fromPod && applied) heard.push(await fromPod(access, attack, tenant, asked));
      // One that has more steps has done no harm yet.
      const goesOn = step === 'commit' && (attack.after ?? attack.stall);
      const tried = goesOn ? { ...attack, harm: async () => applied } : attack;
      const verdict = await ended(tried, tenant, see, heard, applied);
      if (verdict) verdicts.set(attack.name, verdict);
      else if (Date.now() > end)
        verdicts.set(attack.name, {
          attack,
          by: 'unknown',
          message: heard.join('\n') || `applied: ${applied}`,
        });
    }
    if (verdicts.size === battle.attacks.length) break;
    await sleep(1500);
  }
  return battle.attacks.map(({ name }) => verdicts.get(name) as Verdict);
}

const done = 'the request was answered';

async function fromPod(access: Access, attack: Attack, tenant: Tenant, asked: Map<string, string>) {
  const before = asked.get(attack.name);
  if (before !== undefined || !attack.fromPod) return before ?? '';
  const request = attack.fromPod(tenant);
  const { as, from = tenant.namespace, group, args, input, passes } = request;
  const user = group === undefined ? [`system:serviceaccount:${from}:${as}`] : [as];
  if (group !== undefined) user.push('--as-group', group);
  const where = ['--as', ...user, '-n', tenant.namespace];
  const { code, error } = await tryKubectl(
    access,
    [...where, ...args],
    input && JSON.stringify(input),
  );
  const answer = code === 0 || passes?.test(error) ? done : error;
  asked.set(attack.name, answer);
  return answer;
}

/** How `attack` ended, as far as `heard` and the harm tell; nothing while it may still end otherwise. */
export async function ended(
  attack: Attack,
  tenant: Tenant,
  see: See,
  heard: readonly string[],
  applied: boolean,
): Promise<Verdict | undefined> {
  const harmed = attack.harm ? await attack.harm(tenant, see) : heard.includes(done);
  if (harmed) return { attack, by: 'nobody', message: '' };
  const expected = guardOf(attack, tenant.field);
  if (expected === 'nobody') return undefined;
  if (expected === 'targetNamespace' && applied)
    return { attack, by: expected, message: 'Flux applies it in the tenant’s own namespace' };
  if (expected === 'patches of the sync' && applied)
    return { attack, by: expected, message: 'Flux leaves the Namespace out' };
  if (expected === 'plain manifests' && applied)
    return { attack, by: expected, message: 'Flux ignores kustomization.yaml' };
  if (expected === 'operator values' && applied)
    return { attack, by: expected, message: 'no server listens there' };
  const isHardened = tenant.field === 'private' || tenant.field === 'public';
  const able = [expected, isHardened ? attack.or : undefined];
  const message = heard.find((one) => able.includes(voiceOf(one) ?? 'nobody'));
  return message === undefined ? undefined : { attack, by: expected, message };
}
