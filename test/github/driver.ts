/**
 * Publishes what standard input asks for, in a process of its own, so that tests can kill it; it goes
 * the way that lib/run.ts goes. Standard output: one JSON document; standard error: what a person sees.
 */
import process, { argv, stderr, stdin, stdout } from 'node:process';
import { UserError } from '../../lib/errors.ts';
import { openControl } from '../../lib/publish/control.ts';
import { describeTargets, lookBeforeWriting, publish, signIn } from '../../lib/publish/publish.ts';
import { PublishError, publishProblem } from '../../lib/publish/refusals.ts';
import { describeProgress, type PublishResult } from '../../lib/publish/state.ts';
import type { DriverInput } from './run.ts';

async function run({ request, wanted, repos }: DriverInput): Promise<PublishResult[]> {
  const control = openControl(
    (event) => stderr.write(`${describeProgress(event)}\n`),
    Number(argv[2]),
  );
  const context = await signIn(request, wanted, control);
  const targets = await lookBeforeWriting(context, repos);
  return request.dryRun ? describeTargets(targets) : publish(context, repos, targets);
}

let text = '';
for await (const chunk of stdin.setEncoding('utf8')) text += chunk;
try {
  stdout.write(JSON.stringify({ results: await run(JSON.parse(text) as DriverInput) }));
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
