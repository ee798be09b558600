/** What the API server refuses about a claim of storage, wherever its spec is. */

import { amountOf } from '../../admission/quantity.ts';
import { at, listAt, objectAt, textAt } from '../../model.ts';
import { checkSelectorValues, isSubdomain, oneOf, type Path, type Refuse } from './formats.ts';

const MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

/** Refuses what is wrong with `spec` of a claim at `path`. */
export function checkClaim(path: Path, spec: unknown, refuse: Refuse): void {
  const modes = listAt(spec, 'accessModes');
  const field = [...path, 'accessModes'];
  if (modes.length === 0) refuse(field, 'Required value: at least 1 access mode is required');
  for (const mode of modes) oneOf(field, mode || 'none', MODES, refuse);
  if (modes.length > 1 && modes.includes('ReadWriteOncePod'))
    refuse(field, 'Forbidden: may not use ReadWriteOncePod with other access modes');
  const storage = at(spec, 'resources', 'requests', 'storage');
  const requests = [...path, 'resources', 'requests'];
  if (storage === undefined) refuse(requests, 'Required value: storage');
  else if ((amountOf(storage) ?? 1) <= 0)
    refuse([...requests, 'storage'], `Invalid value: "${storage}": must be greater than zero`);
  checkSelectorValues([...path, 'selector'], at(spec, 'selector'), refuse);
  if (at(spec, 'dataSource', 'name') === '')
    refuse([...path, 'dataSource', 'name'], 'Required value');
  const storageClass = textAt(objectAt(spec), 'storageClassName') ?? '';
  if (storageClass !== '' && !isSubdomain(storageClass))
    refuse(
      [...path, 'storageClassName'],
      `Invalid value: "${storageClass}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'`,
    );
  oneOf([...path, 'volumeMode'], at(spec, 'volumeMode'), ['Block', 'Filesystem'], refuse);
}
