/** What the API server refuses about the volumes of a pod, and about what its containers mount. */

import { amountOf } from '../../admission/quantity.ts';
import { at, isObject, listAt, objectAt, textAt } from '../../model.ts';
import { checkClaim } from './claims.ts';
import { isLabel, oneOf, type Path, type Refuse } from './formats.ts';

/** The fields of a pod that a file can show. */
const FIELDS = /^metadata\.(name|namespace|uid|(labels|annotations)(\['.+'\])?)$/;

/** Refuses what is wrong with one volume. */
export function checkVolume(path: Path, volume: unknown, refuse: Refuse): void {
  const { name, ...rest } = objectAt(volume);
  if (typeof name === 'string' && !isLabel(name))
    refuse(
      [...path, 'name'],
      `Invalid value: "${name}": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'`,
    );
  const sources = Object.keys(rest).filter((key) => rest[key] !== null);
  if (sources.length > 1) refuse(path, 'Forbidden: may not specify more than 1 volume type');
  for (const kind of ['configMap', 'secret', 'projected', 'downwardAPI']) {
    const mode = at(rest, kind, 'defaultMode');
    if (typeof mode === 'number' && (mode < 0 || mode > 0o777))
      refuse(
        [...path, kind, 'defaultMode'],
        `Invalid value: ${mode}: must be between 0 and 0777 (octal), both inclusive`,
      );
    if (isObject(rest[kind])) checkFiles([...path, kind], kind, rest[kind], refuse);
  }
  checkProjected([...path, 'projected'], rest.projected, refuse);
  if ((amountOf(at(rest, 'emptyDir', 'sizeLimit') ?? 0) ?? 0) < 0)
    refuse(
      [...path, 'emptyDir', 'sizeLimit'],
      'Forbidden: SizeLimit field must be a valid resource quantity',
    );
  if (!isObject(rest.ephemeral)) return;
  const template = [...path, 'ephemeral', 'volumeClaimTemplate'];
  if (!isObject(rest.ephemeral.volumeClaimTemplate)) refuse(template, 'Required value');
  else
    checkClaim(
      [...template, 'spec'],
      objectAt(rest.ephemeral, 'volumeClaimTemplate', 'spec'),
      refuse,
    );
}

/** A volume with the files of several sources. */
function checkProjected(path: Path, projected: unknown, refuse: Refuse): void {
  const paths = new Set<string>();
  for (const [n, source] of listAt(projected, 'sources').entries()) {
    const field = [...path, 'sources', n];
    const given = Object.entries(objectAt(source)).filter(([, value]) => value !== null);
    if (given.length > 1)
      refuse(field, 'Forbidden: may not specify more than 1 volume type per source');
    for (const [kind, value] of given) {
      checkFiles([...field, kind], `projected ${kind}`, value, refuse);
      const seconds = at(value, 'expirationSeconds');
      if (kind === 'serviceAccountToken' && typeof seconds === 'number' && seconds < 600)
        refuse(
          [...field, kind, 'expirationSeconds'],
          `Invalid value: ${seconds}: may not specify a duration less than 10 minutes`,
        );
      for (const item of listAt(value, 'items')) {
        const target = textAt(item, 'path') ?? '';
        if (paths.has(target))
          refuse(path, `Invalid value: "${textAt(value, 'name')}": conflicting duplicate paths`);
        paths.add(target);
      }
    }
  }
}

/** The field with the name of what a volume shows. */
const NAMES: { readonly [kind: string]: string } = {
  ...{ configMap: 'name', secret: 'secretName' },
  ...{ 'projected configMap': 'name', 'projected secret': 'name' },
};

function checkFiles(path: Path, kind: string, source: unknown, refuse: Refuse): void {
  const key = NAMES[kind];
  if (key !== undefined && !textAt(source, key)) refuse([...path, key], 'Required value');
  for (const [n, item] of listAt(source, 'items').entries()) {
    const field = [...path, 'items', n];
    checkRelative([...field, 'path'], textAt(item, 'path'), refuse);
    const mode = at(item, 'mode');
    if (typeof mode === 'number' && (mode < 0 || mode > 0o777))
      refuse(
        [...field, 'mode'],
        `Invalid value: ${mode}: must be a number between 0 and 0777 (octal), both inclusive`,
      );
    if (key !== undefined && at(item, 'key') === '') refuse([...field, 'key'], 'Required value');
    if (/downwardAPI$/.test(kind)) checkShown(path, item, refuse);
    const place = textAt(item, 'fieldRef', 'fieldPath');
    if (place !== undefined && !FIELDS.test(place))
      refuse(
        [...field, 'fieldRef', 'fieldPath'],
        `Invalid value: "${place}": error converting fieldPath: field label not supported: ${place}`,
      );
  }
}

/** What a file of a downwardAPI shows of the pod. */
function checkShown(path: Path, item: unknown, refuse: Refuse): void {
  const resource = at(item, 'resourceFieldRef');
  if (!isObject(resource) && !isObject(at(item, 'fieldRef')))
    refuse(path, 'Required value: one of fieldRef and resourceFieldRef is required');
  if (isObject(resource) && !resource.containerName)
    refuse([...path, 'resourceFieldRef', 'containerName'], 'Required value');
}

/** Refuses a path that leaves the folder in which it is. */
function checkRelative(path: Path, text: string | undefined, refuse: Refuse): void {
  if (text === undefined) return;
  if (text.startsWith('/')) refuse(path, `Invalid value: "${text}": must be a relative path`);
  if (text.split('/').includes('..'))
    refuse(path, `Invalid value: "${text}": must not contain '..'`);
}

const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None'];

/** Refuses what is wrong with the mounts of a container. */
export function checkMounts(path: Path, mounts: readonly unknown[], refuse: Refuse): void {
  for (const [n, mount] of mounts.entries()) {
    const target = textAt(mount, 'mountPath') ?? '';
    const isTwice = mounts.findIndex((one) => textAt(one, 'mountPath') === target) < n;
    const field = [...path, n, 'mountPath'];
    if (target === '') refuse(field, 'Required value');
    else if (isTwice) refuse(field, `Invalid value: "${target}": must be unique`);
    const [inside, expression] = [textAt(mount, 'subPath'), textAt(mount, 'subPathExpr')];
    checkRelative([...path, n, 'subPath'], inside, refuse);
    checkRelative([...path, n, 'subPathExpr'], expression, refuse);
    if (inside && expression)
      refuse(
        [...path, n, 'subPathExpr'],
        `Invalid value: "${expression}": subPathExpr and subPath are mutually exclusive`,
      );
    if (/^(Enabled|IfPossible)$/.test(textAt(mount, 'recursiveReadOnly') ?? ''))
      if (at(mount, 'readOnly') !== true)
        refuse(
          [...path, n, 'recursiveReadOnly'],
          'Forbidden: may only be specified when readOnly is true',
        );
    const propagation = [...path, n, 'mountPropagation'];
    oneOf(propagation, at(mount, 'mountPropagation'), PROPAGATIONS, refuse);
  }
}
