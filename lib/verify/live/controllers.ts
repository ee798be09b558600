/** Whether Flux runs as install/flux-instance.yaml says: the instance, and the Deployments that the operator made of it. */
import type { Kubectl, KubernetesObject } from '../../cluster/kubectl.ts';
import { about, at, type Finding, isObject, listAt, type Manifest, textAt } from '../model.ts';
import { type Difference, differencesText, missingIn } from './compare.ts';
import { identityOf, NO_RIGHT, objectsIn } from './objects.ts';
import { missingOf } from './patches.ts';

/** The file with the FluxInstance in a config repo. */
export const INSTANCE_FILE = 'install/flux-instance.yaml';

const FLUX = 'flux-system';
/** The kinds that patches of a FluxInstance change. */
const PATCHED = [
  'deployments.apps',
  'networkpolicies.networking.k8s.io',
  'kustomizations.kustomize.toolkit.fluxcd.io',
  'gitrepositories.source.toolkit.fluxcd.io',
  'ocirepositories.source.toolkit.fluxcd.io',
];

/** Flux on the cluster: the instance, and what is in its namespace. */
export type Installed = {
  readonly instance: KubernetesObject | undefined;
  readonly objects: readonly KubernetesObject[];
};

/** What runs of Flux; or the sentence that says which right the user lacks. */
export async function readInstalled(
  kubectl: Kubectl,
  { name, namespace = FLUX }: Manifest,
): Promise<Installed | string> {
  const kind = 'fluxinstances.fluxcd.controlplane.io';
  const flags = ['-n', namespace, '--ignore-not-found', '-o', 'json'];
  const one = await kubectl.attempt(['get', kind, name, ...flags]);
  const rest = await kubectl.attempt(['get', PATCHED.join(','), ...flags]);
  const said = [one, rest].find(({ error }) => NO_RIGHT.test(error))?.error;
  if (said !== undefined) return said;
  return { instance: objectsIn(one.out)[0], objects: objectsIn(rest.out) };
}

/** The findings about Flux as `file`, the FluxInstance of the config repo, wants it. */
export function controllerFindings(file: Manifest, { instance, objects }: Installed): Finding[] {
  if (instance === undefined)
    return [about('live-missing', file, `the cluster has no FluxInstance ${file.name}`)];
  const differing = missingIn(instance.spec, at(file.value, 'spec'), ['spec']);
  const ready = conditionOf(instance);
  return [
    ...(differing[0] === undefined
      ? []
      : [about('live-differs', file, differencesText(differing, file.kind), differing[0].path)]),
    ...(ready === undefined ? [] : [about('instance-not-ready', file, ready)]),
    ...componentFindings(file, instance, objects),
    ...patchFindings(file, objects),
  ];
}

/** Why the operator has not done what the instance says; undefined if it has. */
function conditionOf({ status, metadata }: KubernetesObject): string | undefined {
  const ready = listAt(status, 'conditions').find((one) => textAt(one, 'type') === 'Ready');
  const isCurrent = at(ready, 'observedGeneration') === metadata.generation;
  if (textAt(ready, 'status') === 'True' && isCurrent) return undefined;
  return textAt(ready, 'message') ?? 'the operator has not looked at it yet';
}

/** The arguments with which the operator locks controllers when `multitenant` is set. */
const LOCKS: { readonly [component: string]: readonly string[] } = {
  'kustomize-controller': [
    ...['--no-cross-namespace-refs=true', '--no-remote-bases=true'],
    '--default-service-account=',
  ],
  'helm-controller': ['--no-cross-namespace-refs=true', '--default-service-account='],
  'notification-controller': ['--no-cross-namespace-refs=true'],
};

function componentFindings(
  file: Manifest,
  instance: KubernetesObject,
  objects: readonly KubernetesObject[],
): Finding[] {
  const locked = at(file.value, 'spec', 'cluster', 'multitenant') === true;
  return listAt(file.value, 'spec', 'components').flatMap((one, n) => {
    const component = String(one);
    const field = ['spec', 'components', n];
    const deployment = objects.find(
      (each) => identityOf(each).endsWith(`/${component}`) && each.kind === 'Deployment',
    );
    if (deployment === undefined)
      return [
        about('controller-differs', file, `the cluster has no Deployment ${component}`, field),
      ];
    const container = at(deployment, 'spec', 'template', 'spec', 'containers', 0);
    const args = listAt(container, 'args').map(String);
    const open = locked ? (LOCKS[component] ?? []).filter((lock) => !isSet(args, lock)) : [];
    const messages = [
      ...open.map(
        (lock) =>
          `the Deployment ${component} runs without ${lock}, which multitenant: true asks for`,
      ),
      ...imageMessages(component, textAt(container, 'image') ?? '', { file, instance }),
    ];
    return messages.map((message) => about('controller-differs', file, message, field));
  });
}

/** Whether the flag in `wanted` has its value in `args`, or any value if `wanted` has none. The last one counts. */
function isSet(args: readonly string[], wanted: string): boolean {
  const flag = wanted.slice(0, wanted.indexOf('=') + 1);
  const last = args.findLast((one) => one.startsWith(flag));
  return last !== undefined && (flag === wanted ? last.length > flag.length : last === wanted);
}

/** What the operator says that it installed, and from which registry `file` wants it, against the image that runs. */
function imageMessages(
  component: string,
  image: string,
  { file, instance }: { readonly file: Manifest; readonly instance: KubernetesObject },
): string[] {
  const said = listAt(instance.status, 'components').find(
    (one) => textAt(one, 'name') === component,
  );
  const registry = textAt(file.value, 'spec', 'distribution', 'registry')?.replace(/\/$/, '');
  const starts = [':', '@'].map((end) => `${registry}/${component}${end}`);
  if (registry !== undefined && !starts.some((start) => image.startsWith(start)))
    return [`the Deployment ${component} runs the image ${image}, and none of ${registry}`];
  if (!isObject(said)) return [];
  const [repository, tag, digest] = ['repository', 'tag', 'digest'].map((key) => textAt(said, key));
  const wanted = `${repository}:${tag}`;
  const isThis = image === wanted || image === `${wanted}@${digest}`;
  return isThis ? [] : [`the Deployment ${component} runs the image ${image}, and not ${wanted}`];
}

/** The patches of `file` that an object in the namespace of Flux does not have. */
function patchFindings(file: Manifest, objects: readonly KubernetesObject[]): Finding[] {
  return listAt(file.value, 'spec', 'kustomize', 'patches').flatMap((one, n) => {
    const kind = textAt(one, 'target', 'kind');
    const name = new RegExp(`^(?:${textAt(one, 'target', 'name') ?? '.*'})$`);
    const targets = objects.filter(
      (each) => each.kind === kind && name.test(each.metadata.name) && isOperators(each),
    );
    const found = targets.flatMap((each) =>
      missingOf(textAt(one, 'patch') ?? '', each).map((difference) => ({ each, difference })),
    );
    return found.map(({ each, difference }) =>
      about('controller-differs', file, patchText(each, difference), [
        ...['spec', 'kustomize', 'patches', n, 'patch'],
      ]),
    );
  });
}

const isOperators = ({ metadata }: KubernetesObject): boolean =>
  metadata.labels?.['fluxcd.controlplane.io/name'] !== undefined;

const patchText = ({ kind, metadata }: KubernetesObject, difference: Difference): string =>
  `${kind} ${metadata.name} is not as the patch says\n${differencesText([difference], kind)}`;
