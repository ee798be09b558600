/** What the API server refuses about the environment variables of a container. */
import { at, isObject, listAt, textAt } from '../../model.ts';
import { isSubdomain, oneOf, type Path, type Refuse, SUBDOMAIN_RULE } from './formats.ts';

/** The fields of a pod that a variable can show. */
const FIELDS =
  /^(metadata\.(name|namespace|uid)|metadata\.(labels|annotations)\['.+'\]|spec\.(nodeName|serviceAccountName)|status\.(host|pod)IPs?)$/;

const RESOURCES = ['limits', 'requests'].flatMap((kind) =>
  ['cpu', 'ephemeral-storage', 'memory'].map((name) => `${kind}.${name}`),
);

const isName = (name: string): boolean => /^[ -<>-~]+$/.test(name);
const NAME_RULE =
  "a valid environment variable name must consist only of printable ASCII characters other than '='";

/** Refuses what is wrong with `env` and `envFrom` of a container. */
export function checkVariables(path: Path, container: unknown, refuse: Refuse): void {
  for (const [n, one] of listAt(container, 'env').entries())
    checkVariable([...path, 'env', n], one, refuse);
  for (const [n, one] of listAt(container, 'envFrom').entries()) {
    const field = [...path, 'envFrom', n];
    const prefix = textAt(one, 'prefix');
    if (prefix && !isName(prefix))
      refuse([...field, 'prefix'], `Invalid value: "${prefix}": ${NAME_RULE}`);
    const sources = ['configMapRef', 'secretRef'].filter((key) => isObject(at(one, key)));
    if (sources.length === 0)
      refuse(field, 'Invalid value: "": must specify one of: `configMapRef` or `secretRef`');
    if (sources.length > 1)
      refuse(field, 'Invalid value: "": may not have more than one field specified at a time');
    for (const key of sources)
      if (!textAt(one, key, 'name')) refuse([...field, key, 'name'], 'Required value');
      else checkReference([...field, key, 'name'], at(one, key, 'name'), refuse);
  }
}

/** Refuses a name that no object can have. */
function checkReference(path: Path, name: unknown, refuse: Refuse): void {
  if (typeof name === 'string' && !isSubdomain(name))
    refuse(path, `Invalid value: "${name}": ${SUBDOMAIN_RULE}`);
}

function checkVariable(path: Path, variable: unknown, refuse: Refuse): void {
  const name = textAt(variable, 'name') ?? '';
  if (name === '') refuse([...path, 'name'], 'Required value');
  else if (!isName(name)) refuse([...path, 'name'], `Invalid value: "${name}": ${NAME_RULE}`);
  const from = at(variable, 'valueFrom');
  if (!isObject(from)) return;
  const field = [...path, 'valueFrom'];
  const sources = Object.keys(from).filter((key) => isObject(from[key]));
  if (textAt(variable, 'value'))
    refuse(field, 'Invalid value: "": may not be specified when `value` is not empty');
  if (sources.length === 0)
    refuse(
      field,
      'Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
    );
  if (sources.length > 1)
    refuse(field, 'Invalid value: "": may not have more than one field specified at a time');
  const place = textAt(from, 'fieldRef', 'fieldPath');
  if (place !== undefined && !FIELDS.test(place))
    refuse(
      [...field, 'fieldRef', 'fieldPath'],
      `Invalid value: "${place}": error converting fieldPath: field label not supported`,
    );
  for (const key of ['configMapKeyRef', 'secretKeyRef']) {
    const reference = from[key];
    if (!isObject(reference)) continue;
    if (!reference.name) refuse([...field, key, 'name'], 'Required value');
    else checkReference([...field, key, 'name'], reference.name, refuse);
    if (!reference.key) refuse([...field, key, 'key'], 'Required value');
    else if (!/^[-._a-zA-Z0-9]+$/.test(String(reference.key)))
      refuse(
        [...field, key, 'key'],
        `Invalid value: "${reference.key}": a valid config key must consist of alphanumeric characters, '-', '_' or '.'`,
      );
  }
  const resource = textAt(from, 'resourceFieldRef', 'resource');
  if (resource !== undefined && !/^(limits|requests)\.hugepages-/.test(resource))
    oneOf([...field, 'resourceFieldRef', 'resource'], resource || 'none', RESOURCES, refuse);
}
