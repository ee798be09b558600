import type { EstateSettings } from '../../settings/settings.ts';
import { GENERATOR } from '../generator.ts';
import type { Found, Layer } from '../plan.ts';
import type { RepoRecord } from '../record.ts';
import { pushValues } from './oci.ts';
import { CHART_VERSION, FLUX_VERSION, KUBERNETES_VERSION } from './operator-tier.ts';
import { isConfined } from './values.ts';

/** The tools of the workflow. The kustomize-controller of FLUX_VERSION uses the same version of kustomize. */
const TOOLS = {
  kubeconformVersion: 'v0.8.0',
  kustomizeVersion: 'v5.8.1',
  yqVersion: 'v4.54.3',
};

/** The tools that push and sign: those of this Flux, and the cosign with which its source-controller verifies. */
const PUSH_TOOLS = { fluxCliVersion: '2.9.5', cosignVersion: 'v3.0.6' };

/** The layers of the repository of `record` that only GitHub reads. */
export function githubFiles(record: RepoRecord): Layer[] {
  const { ci, codeowners = [] } = record.estate;
  const pushed = pushValues(record);
  return [
    // The workflow that pushes calls the one that validates.
    ...(ci === 'github' || pushed ? [workflow(record, pushed !== undefined)] : []),
    ...(pushed ? [{ from: 'oci', into: '.', values: { ...pushed, ...PUSH_TOOLS } }] : []),
    ...(codeowners.length > 0 ? [reviewers(record, codeowners)] : []),
  ];
}

/**
 * Whether the app repo of the record `found` has a workflow. A workflow stays in an estate without workflows, unless
 * this run has a flag about it (`isGiven`).
 */
export function ciOf(
  { ci }: EstateSettings,
  { record }: Found,
  isGiven: boolean,
): Pick<EstateSettings, 'ci'> {
  return { ci: isGiven || ci !== 'none' ? ci : (record?.estate.ci ?? ci) };
}

function workflow(record: RepoRecord, isCalled: boolean): Layer {
  const values = {
    // A branch in a workflow is a pattern, and + has a special meaning in it.
    branches: branchesOf(record).map((branch) => branch.replaceAll('+', '\\+')),
    plainFolders:
      record.kind === 'config-repo'
        ? []
        : record.environments.filter(isConfined).map(({ name }) => name),
    kubernetesVersion: KUBERNETES_VERSION,
    // The schemas of the first release of the range are valid for all patch releases.
    fluxVersion: `v${FLUX_VERSION.replace(/x$/, '0')}`,
    operatorVersion: `v${CHART_VERSION}`,
    isCalled,
    // The config repo knows all the others.
    isVerified: record.kind === 'config-repo' && record.estate.ci === 'github',
    isPrivate: record.estate.visibility === 'private',
    generator: GENERATOR,
    ...TOOLS,
  };
  return { from: 'ci-github', into: '.', values };
}

function reviewers({ shared }: RepoRecord, codeowners: readonly string[]): Layer {
  const values = { branch: shared.branch, owners: codeowners.join(' ') };
  return { from: 'codeowners', into: '.', values };
}

/** The branches that Flux follows: one, unless environments of an app repo have different branches. */
export function branchesOf({ kind, shared, environments }: RepoRecord): string[] {
  if (kind === 'config-repo') return [shared.branch];
  const followed = environments.length === 0 ? [shared] : environments;
  return [...new Set(followed.map(({ branch }) => branch))];
}
