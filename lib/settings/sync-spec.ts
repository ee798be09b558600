import { quote } from '../errors.ts';
import type { Rule } from './rules.ts';

/** The metadata that Flux adds to every object of a sync. */
export type CommonMetadata = {
  readonly labels?: { readonly [name: string]: string };
  readonly annotations?: { readonly [name: string]: string };
};

/** The objects that a patch changes; all objects without a field have that field's value. */
type Target = { readonly [field: string]: string };
type Patch = { readonly patch: string; readonly target?: Target };
type Image = { readonly [field: string]: string };

/** What a sync does with the manifests of its app repo: a part of `spec` of a Kustomization of Flux. */
export type SyncSpec = {
  readonly patches?: readonly Patch[];
  readonly images?: readonly Image[];
  readonly commonMetadata?: CommonMetadata;
};

const TARGET = [
  'group',
  'version',
  'kind',
  'name',
  'namespace',
  'labelSelector',
  'annotationSelector',
];
const IMAGE = ['name', 'newName', 'newTag', 'digest'];

/** The form of the name and of the value of a label, as Kubernetes has it. */
const VALUE = /^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$/;
const NAME = /^([a-z0-9][a-z0-9.-]{0,252}\/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/;

/** The label of the platform's objects; the policies refuse it on objects of a tenant. */
const PLATFORM_LABEL = 'toolkit.fluxcd.io/tenant';
/** Labels and annotations of a whole estate; a file this large is a mistake. */
const MAXIMUM = { entries: 100, characters: 65_536 };

/** One field of a file for `--sync-spec` that breaks a rule: where it is, and the rule. */
export type Fault = { readonly where: string; readonly rule: string };

type Json = { readonly [key: string]: unknown };

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Everything in `value` that breaks a rule; none for a valid SyncSpec. */
export function faultsOf(value: unknown): Fault[] {
  if (!isObject(value)) return [{ where: 'the file', rule: syncSpec.rule }];
  const faults = [
    ...unknownIn(value, ['patches', 'images', 'commonMetadata'], ''),
    ...listFaults(value.patches, 'patches', patchFaults),
    ...listFaults(value.images, 'images', imageFaults),
    ...metadataFaults(value.commonMetadata),
  ];
  const size = JSON.stringify(value).length;
  const rule = `it must have at most ${MAXIMUM.characters} characters`;
  return size > MAXIMUM.characters ? [...faults, { where: 'the file', rule }] : faults;
}

function unknownIn(value: Json, known: readonly string[], where: string): Fault[] {
  const prefix = where && `${where}.`;
  return Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => ({
      where: `${prefix}${key}`,
      rule: `${where || 'the file'} may have only ${known.join(', ')}`,
    }));
}

function listFaults(
  list: unknown,
  where: string,
  faults: (one: Json, where: string) => Fault[],
): Fault[] {
  if (list === undefined) return [];
  if (!Array.isArray(list) || list.length > MAXIMUM.entries)
    return [{ where, rule: `it must be a list with at most ${MAXIMUM.entries} entries` }];
  return list.flatMap((one: unknown, at) => {
    const here = `${where}[${at}]`;
    return isObject(one) ? faults(one, here) : [{ where: here, rule: 'it must be an object' }];
  });
}

function patchFaults(one: Json, where: string): Fault[] {
  const { patch, target } = one;
  const isText = typeof patch === 'string' && patch.trim() !== '';
  const rule = 'it must be the text of a patch, as in spec.patches of a Kustomization of Flux';
  return [
    ...unknownIn(one, ['patch', 'target'], where),
    ...(isText ? textFaults(patch, `${where}.patch`) : [{ where: `${where}.patch`, rule }]),
    ...textsFaults(target, `${where}.target`, TARGET),
  ];
}

function imageFaults(one: Json, where: string): Fault[] {
  const rule = 'it must be the name of the image in the manifests';
  const named = typeof one.name === 'string' && one.name !== '';
  return [...textsFaults(one, where, IMAGE), ...(named ? [] : [{ where: `${where}.name`, rule }])];
}

function metadataFaults(value: unknown): Fault[] {
  const where = 'commonMetadata';
  if (value === undefined) return [];
  if (!isObject(value)) return [{ where, rule: 'it must be an object' }];
  const { labels, annotations } = value;
  const rule = 'this label marks objects of the platform team, and the policies refuse it';
  const isClaimed = isObject(labels) && PLATFORM_LABEL in labels;
  const names = [labels, annotations].flatMap((one) => (isObject(one) ? Object.keys(one) : []));
  const values = isObject(labels) ? Object.entries(labels) : [];
  return [
    ...unknownIn(value, ['labels', 'annotations'], where),
    ...textsFaults(labels, `${where}.labels`),
    ...textsFaults(annotations, `${where}.annotations`),
    ...names
      .filter((name) => !NAME.test(name))
      .map((name) => ({ where: `${where}: ${quote(name)}`, rule: 'it is no name of a label' })),
    ...values
      .filter(([, text]) => typeof text === 'string' && !VALUE.test(text))
      .map(([name]) => ({ where: `${where}.labels.${name}`, rule: 'it is no value of a label' })),
    ...(isClaimed ? [{ where: `${where}.labels.${PLATFORM_LABEL}`, rule }] : []),
  ];
}

/** Faults of an object whose values are texts; `known` are its fields, if not every name is one. */
function textsFaults(value: unknown, where: string, known?: readonly string[]): Fault[] {
  if (value === undefined) return [];
  if (!isObject(value)) return [{ where, rule: 'it must be an object' }];
  return [
    ...(known ? unknownIn(value, known, where) : []),
    ...Object.entries(value).flatMap(([key, text]) => textFaults(text, `${where}.${key}`)),
  ];
}

function textFaults(text: unknown, where: string): Fault[] {
  if (typeof text !== 'string') return [{ where, rule: 'it must be a text; write it in quotes' }];
  return text.isWellFormed() ? [] : [{ where, rule: 'it must be well-formed Unicode' }];
}

/** A SyncSpec as JSON, which is also how a run passes on the file. The word `none` is the empty one. */
export const syncSpec: Rule<SyncSpec> = {
  rule: 'it must be an object with patches, images or commonMetadata, as in spec of a Kustomization of Flux',
  example: 'sync.yaml',
  read: (text) => {
    if (text === 'none') return {};
    try {
      const value: unknown = JSON.parse(text);
      return faultsOf(value).length === 0 ? (value as SyncSpec) : undefined;
    } catch {
      return undefined;
    }
  },
};
