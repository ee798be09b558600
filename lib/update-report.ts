import { type ComparedRepo, WRITES } from './disk/compare.ts';
import type { Step } from './next-steps.ts';
import { GENERATOR } from './plan/generator.ts';
import type { Plan } from './plan/plan.ts';
import type { PublicationRepo } from './publish/state.ts';
import { type PolicyChange, policyChange } from './render/policy-changes.ts';
import { shellCommand } from './render/quoting.ts';
import type { Report } from './report.ts';

/** `report` of an update of `repos`: with the policies that it changes, and with the steps after an update. */
export function withUpdate(report: Report, plan: Plan, repos: readonly ComparedRepo[]): Report {
  const isMarked = repos.some(({ files }) => files.some(({ action }) => action === 'mark'));
  const merge = mergeSteps(report, plan);
  return {
    ...report,
    policies: repos.flatMap(policiesOf),
    // Files with conflict markers must not be applied.
    next: isMarked ? [] : [...merge, ...report.next],
  };
}

/** The steps after the run pushed branches: nothing reaches the cluster before a person merges them. */
function mergeSteps({ published = [], repositories }: Report, plan: Plan): Step[] {
  const pushed = published.filter(({ branch, pullRequest }) => branch ?? pullRequest);
  if (pushed.length === 0) return [];
  const places = pushed.map(
    ({ pullRequest, url, branch }) => pullRequest ?? `${url}/tree/${branch}`,
  );
  const back = pushed.flatMap(({ name }) => {
    const folder = repositories.find((one) => one.name === name)?.folder;
    const [branch = 'main'] = plan.repos.find((one) => one.name === name)?.branches ?? [];
    if (folder === undefined) return [];
    return [
      `${shellCommand(['git', '-C', folder, 'switch', branch])} && ${shellCommand(['git', '-C', folder, 'pull'])}`,
    ];
  });
  const what = pushed.every(({ pullRequest }) => pullRequest) ? 'pull requests' : 'branches';
  return [
    { text: `Review and merge the ${what}, in this order: ${places.join(' ')}`, commands: [] },
    { text: 'After that, go back to the branch that Flux follows:', commands: back },
  ];
}

/** `chosen` with what a pull request says about each of them. */
export function withDetails(
  chosen: readonly PublicationRepo[],
  repos: readonly ComparedRepo[],
): PublicationRepo[] {
  return chosen.map((one) => {
    const compared = repos.find(({ repo }) => repo.name === one.name);
    return compared ? { ...one, details: detailsOf(compared) } : one;
  });
}

function detailsOf(compared: ComparedRepo): string {
  const policies = policiesOf(compared).map(({ file, isNew, refuses }) => {
    const title = `- \`${file}\` (${isNew ? 'new' : 'changed'})`;
    const lines = refuses.map((text) => `  - ${text}`);
    return [title, ...lines].join('\n');
  });
  const refused =
    policies.length === 0
      ? []
      : ['Refused from now on, by new policies and by new or changed checks:', policies.join('\n')];
  return [
    `\`flux-gitops update\` brings this repository to version ${GENERATOR.version} of [generator-flux-gitops](https://github.com/wolcn/generator-flux-gitops). Your settings and your edits stay.`,
    ...refused,
    compared.repo.role === 'config'
      ? 'Merge the pull requests of the app repos first. `install/` never arrives by itself: see `install/README.md`.'
      : '',
  ]
    .filter(Boolean)
    .join('\n\n');
}

function policiesOf({ files }: ComparedRepo): PolicyChange[] {
  const readme = files.find(({ path }) => path === 'policies/README.md')?.contents ?? '';
  return files
    .filter(({ path, action }) => /^policies\/.+\.yaml$/.test(path) && WRITES.has(action))
    .filter(({ action }) => action !== 'remove' && action !== 'mark')
    .flatMap(({ path, found, contents }) => policyChange(path, found, contents, readme) ?? []);
}
