/** Whether an object has what a patch of the FluxInstance asks for. */
import { at, isObject, textAt } from '../model.ts';
import { readYaml } from '../read/parse.ts';
import type { Difference } from './compare.ts';

type Path = readonly (string | number)[];

/** What `patch`, a JSON patch or a strategic merge patch in YAML, asks for and `object` does not have. */
export function missingOf(patch: string, object: unknown): Difference[] {
  const read = readYaml(patch);
  if (Array.isArray(read)) return read.flatMap((operation) => notDone(operation, object));
  return notMerged(object, read);
}

function notDone(operation: unknown, object: unknown): Difference[] {
  const op = textAt(operation, 'op') ?? '';
  const path = pointer(textAt(operation, 'path') ?? '');
  const value = at(operation, 'value');
  if (!['add', 'replace'].includes(op)) return [];
  if (path.at(-1) === '-') {
    const list = at(object, ...path.slice(0, -1));
    const isIn = Array.isArray(list) && list.some((one) => notMerged(one, value).length === 0);
    if (isIn && !isOverruled(list, value)) return [];
    return [{ path: path.slice(0, -1), live: list, wanted: value }];
  }
  return notMerged(at(object, ...path), value, path);
}

/** Whether a later argument gives the flag of `value` another value: the last one counts. */
function isOverruled(list: readonly unknown[], value: unknown): boolean {
  const flag = typeof value === 'string' ? /^(--[^=]+)=/.exec(value)?.[1] : undefined;
  if (flag === undefined) return false;
  return list.findLast((one) => String(one).startsWith(`${flag}=`)) !== value;
}

const pointer = (text: string): (string | number)[] =>
  text
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));

/** What of `wanted` is not in `live`, with lists of named things merged by their names. */
function notMerged(live: unknown, wanted: unknown, path: Path = []): Difference[] {
  if (isObject(wanted)) {
    const fields = Object.entries(wanted).filter(([key]) => !key.startsWith('$'));
    return fields.flatMap(([key, value]) => notMerged(at(live, key), value, [...path, key]));
  }
  if (Array.isArray(wanted) && wanted.every((one) => textAt(one, 'name') !== undefined)) {
    const items = Array.isArray(live) ? live : [];
    return wanted.flatMap((one) => {
      const name = textAt(one, 'name') ?? '';
      const found = items.find((item) => textAt(item, 'name') === name);
      return notMerged(found, one, [...path, name]);
    });
  }
  return JSON.stringify(live) === JSON.stringify(wanted) ? [] : [{ path, live, wanted }];
}
