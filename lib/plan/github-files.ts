import type { EstateSettings } from '../settings/settings.ts';
import { CHART_VERSION, FLUX_VERSION, KUBERNETES_VERSION } from './operator-tier.ts';
import type { Found, Layer } from './plan.ts';
import type { RepoRecord } from './record.ts';
import { isConfined } from './values.ts';

/** Tools of the workflow. A kustomize-controller of FLUX_VERSION is built with the same kustomize. */
const TOOLS = {
  kubeconformVersion: 'v0.8.0',
  kustomizeVersion: 'v5.8.1',
  yqVersion: 'v4.54.3',
};

/** The layers of the repository that `record` describes which only GitHub reads. */
export function githubFiles(record: RepoRecord): Layer[] {
  const { ci, codeowners = [] } = record.estate;
  return [
    ...(ci === 'github' ? [workflow(record)] : []),
    ...(codeowners.length > 0 ? [reviewers(record, codeowners)] : []),
  ];
}

/**
 * Whether the app repo that was found as `found` has a workflow. One that it has stays in an estate without
 * workflows, unless the user said so in this run (`isGiven`).
 */
export function ciOf(
  { ci }: EstateSettings,
  { record }: Found,
  isGiven: boolean,
): Pick<EstateSettings, 'ci'> {
  return { ci: isGiven || ci !== 'none' ? ci : (record?.estate.ci ?? ci) };
}

function workflow(record: RepoRecord): Layer {
  const values = {
    // A branch of the workflow is a pattern, in which a + has a meaning of its own.
    branches: branchesOf(record).map((branch) => branch.replaceAll('+', '\\+')),
    plainFolders:
      record.kind === 'config-repo'
        ? []
        : record.environments.filter(isConfined).map(({ name }) => name),
    kubernetesVersion: KUBERNETES_VERSION,
    // The schemas of the first release of the range hold for all of its patch releases.
    fluxVersion: `v${FLUX_VERSION.replace(/x$/, '0')}`,
    operatorVersion: `v${CHART_VERSION}`,
    ...TOOLS,
  };
  return { from: 'ci-github', into: '.', values };
}

function reviewers({ shared }: RepoRecord, codeowners: readonly string[]): Layer {
  const values = { branch: shared.branch, owners: codeowners.join(' ') };
  return { from: 'codeowners', into: '.', values };
}

/** The branches that Flux follows: one, but for environments of an app repo that say otherwise. */
export function branchesOf({ kind, shared, environments }: RepoRecord): string[] {
  if (kind === 'config-repo') return [shared.branch];
  return [...new Set(environments.map(({ branch }) => branch))];
}
