/** What the API server refuses about the volumes of a pod, and about what its containers mount. */

import { amountOf } from '../admission/quantity.ts';
import { at, isObject, listAt, objectAt, textAt } from '../model.ts';
import { checkClaim } from './claim-values.ts';
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
  for (const [n, source] of listAt(rest, 'projected', 'sources').entries())
    for (const [kind, value] of Object.entries(objectAt(source)))
      checkFiles([...path, 'projected', 'sources', n, kind], `projected ${kind}`, value, refuse);
  if ((amountOf(at(rest, 'emptyDir', 'sizeLimit') ?? 0) ?? 0) < 0)
    refuse(
      [...path, 'emptyDir', 'sizeLimit'],
      'Forbidden: SizeLimit field must be a valid resource quantity',
    );
  const claim = at(rest, 'ephemeral', 'volumeClaimTemplate', 'spec');
  if (isObject(claim))
    checkClaim([...path, 'ephemeral', 'volumeClaimTemplate', 'spec'], claim, refuse);
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
    const place = textAt(item, 'fieldRef', 'fieldPath');
    if (place !== undefined && !FIELDS.test(place))
      refuse(
        [...field, 'fieldRef', 'fieldPath'],
        `Invalid value: "${place}": error converting fieldPath: field label not supported: ${place}`,
      );
  }
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
    const propagation = [...path, n, 'mountPropagation'];
    oneOf(propagation, at(mount, 'mountPropagation'), PROPAGATIONS, refuse);
  }
}
