import { join } from 'node:path';
import { shellCommand } from './render/quoting.ts';

/** Something that a person does after a run: a sentence, and the commands for it, quoted for a POSIX shell. */
export type Step = {
  readonly text: string;
  readonly commands: readonly string[];
  /** Another way to do the same. */
  readonly or?: { readonly text: string; readonly commands: readonly string[] };
};

/** More environments than this are applied by a loop. */
export const LISTED = 20;

/** The step with `commands`, or none without commands. */
export const stepFor = (text: string, commands: readonly string[]): Step[] =>
  commands.length === 0 ? [] : [{ text, commands }];

/** A command of kubectl for `namespace`. */
export const kubectlIn = (namespace: string, ...words: readonly string[]): string =>
  shellCommand(['kubectl', '--namespace', namespace, ...words]);

/** The commands that apply `file` of each of `environments`, which are folders of the config repo in `folder`. */
export function applyEach(folder: string, environments: readonly string[], file: string): string[] {
  if (environments.length <= LISTED)
    return environments.map((name) =>
      shellCommand(['kubectl', 'apply', '-f', join(folder, name, file === '' ? '/' : file)]),
    );
  return [
    `for tenant in ${shellCommand([folder])}/*/1_tenant.yaml; do`,
    `  kubectl apply -f "\${tenant%/*}/${file}"`,
    'done',
  ];
}
