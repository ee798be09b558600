import ejs from 'ejs';
import type { Layer, Values } from '../plan/plan.ts';
import { hclString, plainText, yamlScalar } from './quoting.ts';

/** A template: its `path` below its layer, with `.ejs`, which the path of the output does not have. */
export type Template = { readonly path: string; readonly source: string };
/** The templates of each layer. */
export type Templates = (layer: string) => readonly Template[];

/** A file of a repository, as this version writes it. */
export type File = { readonly path: string; readonly contents: string };

/** The files of a layer. */
export type LayerRenderer = (layer: Layer) => File[];

/**
 * Every file of `layers`, in writing order. Throws an Error (a defect, not a user's mistake) for an empty layer, a
 * path outside the repository, two layers that write the same path, and a missing value of a template.
 */
export function renderLayers(layers: readonly Layer[], render: LayerRenderer): File[] {
  return checkPaths(layers.flatMap(render));
}

/** A function that renders layers and compiles each template once. */
export function layerRenderer(templates: Templates): LayerRenderer {
  const compiled = new Map<string, readonly CompiledTemplate[]>();
  return ({ from, into, values }) => {
    const layer = compiled.get(from) ?? compileLayer(from, templates(from), Object.keys(values));
    compiled.set(from, layer);
    return layer.map(({ path, fill }) => ({
      path: into === '.' ? path : `${into}/${path}`,
      contents: fill(values),
    }));
  };
}

type CompiledTemplate = { readonly path: string; readonly fill: (values: Values) => string };

function compileLayer(
  from: string,
  templates: readonly Template[],
  names: string[],
): CompiledTemplate[] {
  if (templates.length === 0) throw new Error(`templates/${from} has no template`);
  return templates.map(({ path, source }) => {
    const target = path.replace(/\.ejs$/, '');
    const options = {
      filename: `templates/${from}/${path}`,
      escape: escapeFor(target) as (value: unknown) => string,
      strict: true,
      localsName: 'values',
      destructuredLocals: names,
      // Otherwise ejs copies the values for each file. Templates take only values by these names.
      unsafePrototypeLocals: true,
    };
    const fill = ejs.compile(source, options);
    return { path: target, fill: (values) => flatten(fill(values)) };
  });
}

function escapeFor(target: string): (value: unknown) => string {
  if (/\.ya?ml$/.test(target)) return yamlScalar;
  return target.endsWith('.tf') ? hclString : plainText;
}

const BYTE_ORDER_MARK = 0xfeff;

// V8 keeps a concatenated text as a tree, which is several times larger, until code reads a character of it. It leaves out
// a read that changes nothing.
function flatten(text: string): string {
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
}

function checkPaths(files: File[]): File[] {
  const seen = new Set<string>();
  for (const { path } of files) {
    const parts = path.split('/');
    if (parts.some((part) => part === '' || part === '.' || part === '..'))
      throw new Error(`${path} is not a path inside a repository`);
    if (seen.has(path)) throw new Error(`two layers write ${path}`);
    seen.add(path);
  }
  return files;
}
