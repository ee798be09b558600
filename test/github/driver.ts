/**
 * Publishes what standard input asks for, in a process of its own, so that tests can kill it.
 * Standard output: one JSON document; standard error: the lines that a person would see.
 */
import process, { argv, stderr, stdin, stdout } from 'node:process';
import { UserError } from '../../lib/errors.ts';
import { publish } from '../../lib/publish/publish.ts';
import { PublishError, publishProblem } from '../../lib/publish/refusals.ts';
import type { Publication } from '../../lib/publish/state.ts';
import { describeProgress } from '../../lib/publish/state.ts';

let text = '';
for await (const chunk of stdin.setEncoding('utf8')) text += chunk;
const request = JSON.parse(text) as Publication;
try {
  const report = (event: Parameters<typeof describeProgress>[0]) =>
    stderr.write(`${describeProgress(event)}\n`);
  const results = await publish(request, { second: Number(argv[2]), report });
  stdout.write(JSON.stringify({ results }));
} catch (error) {
  const stack =
    error instanceof Error && !(error instanceof UserError)
      ? error.stack
      : String((error as Error).message);
  stderr.write(`${stack}\n`);
  stdout.write(
    JSON.stringify(error instanceof PublishError ? { error: publishProblem(error) } : {}),
  );
  // no exit(): whatever is left over has to let the process end
  process.exitCode = error instanceof UserError ? error.code : 70;
}
