import { Interrupted } from './errors.ts';

/** The message of a run that the user cancelled before it wrote anything. */
const CANCELLED = 'Cancelled. Nothing was written.';

/** Whether the process belongs to this package, so that it can exit. */
let ours = false;
/** Whether a question is on the screen, with the cursor after it. */
let asking = false;

/** From now on, Ctrl-C ends this process, until `keepRunning`. Without this, Yeoman would print more lines. */
export function cancelOnInterrupt(): void {
  ours = true;
  process.on('SIGINT', cancel);
}

/** Call it before the first write: after that, "Nothing was written" would be wrong. */
export function keepRunning(): void {
  process.off('SIGINT', cancel);
}

/** The user cancels the run. Ends the process, or throws Interrupted if the process is not ours. */
export function cancel(): never {
  return endInterrupted(new Interrupted(CANCELLED));
}

/** Ends the process with the message of `error`, or throws `error` if the process is not ours. */
export function endInterrupted(error: Interrupted): never {
  if (!ours) throw error;
  // After a question: a new line, and the cursor, which some questions hide. Otherwise the message replaces the progress line.
  if (asking) process.stderr.write('\x1b[?25h\n');
  else if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  process.stderr.write(`${error.message}\n`);
  process.exit(error.code);
}

/** The time between checks of the input (milliseconds), and how many checks in a row must find it closed. */
const PAUSE = 50;
const LOOKS = 3;

/** Does `ask`, which asks the user. Ctrl-C and Ctrl-D cancel the run. */
export async function cancellable<T>(ask: () => Promise<T>): Promise<T> {
  let onEnd = (): void => undefined;
  // After Ctrl-D the process waits for nothing, and the question would never end.
  const ended = new Promise<never>((_, reject) => {
    onEnd = () => reject(new InputEnded());
  });
  let looks = 0;
  // The input also pauses between two questions, but only for a short time.
  const watch = setInterval(() => {
    looks = ours && process.stdin.isPaused() ? looks + 1 : 0;
    if (looks >= LOOKS) onEnd();
  }, PAUSE).unref();
  process.once('beforeExit', onEnd);
  asking = true;
  try {
    return await Promise.race([ask(), ended]);
  } catch (error) {
    if (error instanceof InputEnded) return cancel();
    if (!isExit(error)) throw error;
    asking = false;
    return cancel();
  } finally {
    asking = false;
    clearInterval(watch);
    process.off('beforeExit', onEnd);
  }
}

class InputEnded extends Error {}

// Inquirer throws ExitPromptError on Ctrl-C, and AbortPromptError when other code ends its questions. Yeoman's question
// about files throws the error with the message.
const isExit = (error: unknown): boolean =>
  error instanceof Error &&
  (/^(Exit|Abort)PromptError$/.test(error.name) || error.message === 'Process aborted by user');

let continues = false;

/** From now on, Ctrl-C ends this process with `message`: for commands that continue when they run again. */
export function cancelWith(message: string): void {
  keepRunning();
  if (!ours || continues) return;
  continues = true;
  process.on('SIGINT', () => endInterrupted(new Interrupted(message)));
}
