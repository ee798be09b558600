/** Whether the Flux Operator runs as install/ says: its version, and the lock of the ResourceSet API. */
import type { KubernetesObject } from '../../cluster/kubectl.ts';
import { aboutFile, at, type Finding, listAt, type RepoFiles, textAt } from '../model.ts';
import { readYaml } from '../read/parse.ts';

/** The Helm values of the operator, and the page with the commands that install it. */
const VALUES_FILE = 'install/flux-operator-values.yaml';
const README = 'install/README.md';

const OPERATOR = 'flux-operator';
/** What the chart makes of the lock. */
const LOCK = '--default-service-account=';

/** The findings about the operator of `config`; `objects` are those of the namespace `namespace`, where Flux is. */
export function operatorFindings(
  config: RepoFiles,
  namespace: string,
  objects: readonly KubernetesObject[],
): Finding[] {
  const values = config.files.get(VALUES_FILE);
  if (values === undefined) return [];
  const about = (code: Finding['code'], path: string, message: string, line?: number): Finding => ({
    ...aboutFile(code, config.name, path, message, line),
    object: `Deployment ${namespace}/${OPERATOR}`,
  });
  const deployment = objects.find(isOperator);
  if (deployment === undefined) {
    const message = `the namespace ${namespace} has no Deployment of the Flux Operator, so its version and its lock are not compared`;
    return [about('not-checked', VALUES_FILE, message)];
  }
  const container = at(deployment, 'spec', 'template', 'spec', 'containers', 0);
  const wantsLock = at(readYaml(values), 'multitenancy', 'enabled') === true;
  const isLocked = listAt(container, 'args').some(
    (one) => String(one).startsWith(LOCK) && String(one) !== LOCK,
  );
  const asked = versionIn(config.files.get(README) ?? '');
  const runs = versionOf(textAt(container, 'image') ?? '');
  return [
    ...(wantsLock && !isLocked
      ? [
          about(
            'operator-open',
            VALUES_FILE,
            `the Flux Operator runs without ${LOCK}, which multitenancy.enabled: true asks for`,
            lineOf(values, 'multitenancy:'),
          ),
        ]
      : []),
    ...(asked !== undefined && runs !== undefined && isOlder(runs, asked.version)
      ? [
          about(
            'operator-outdated',
            README,
            `the Flux Operator has the version ${runs}, and this file installs ${asked.version}`,
            asked.line,
          ),
        ]
      : []),
  ];
}

const isOperator = ({ kind, metadata }: KubernetesObject): boolean =>
  kind === 'Deployment' &&
  (metadata.name === OPERATOR || metadata.labels?.['app.kubernetes.io/name'] === OPERATOR);

/** The version that the commands of `text` install. */
function versionIn(text: string): { version: string; line: number } | undefined {
  const found = /charts\/flux-operator --version (\d+\.\d+\.\d+)/.exec(text);
  if (found?.[1] === undefined) return undefined;
  return { version: found[1], line: text.slice(0, found.index).split('\n').length };
}

/** The version in the tag of an image, such as `v0.58.1`; undefined for a tag of another form. */
const versionOf = (image: string): string | undefined =>
  /:v?(\d+\.\d+\.\d+)(@.*)?$/.exec(image)?.[1];

function isOlder(one: string, other: string): boolean {
  const numbers = (version: string): number[] => version.split('.').map(Number);
  const [own, wanted] = [numbers(one), numbers(other)];
  const n = own.findIndex((number, index) => number !== wanted[index]);
  return n >= 0 && (own[n] ?? 0) < (wanted[n] ?? 0);
}

const lineOf = (text: string, start: string): number =>
  Math.max(
    0,
    text.split('\n').findIndex((line) => line.startsWith(start)),
  ) + 1;
