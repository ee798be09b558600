import { Interrupted } from './errors.ts';

/** What a run says that a person ended before it wrote anything. */
const CANCELLED = 'Cancelled. Nothing was written.';

/** Whether this process belongs to the run, so that it can be ended. */
let ours = false;
/** Whether a question is on the screen, and the cursor behind it. */
let asking = false;

/** From now on Ctrl-C ends this process, until something is written. Yeoman's own programs would say more than that. */
export function cancelOnInterrupt(): void {
  ours = true;
  process.on('SIGINT', cancel);
}

/** To be called when something is written: whoever is interrupted later must hear what is true then. */
export function keepRunning(): void {
  process.off('SIGINT', cancel);
}

/** The person at the terminal does not want to go on. Ends the process, or throws Interrupted where it is not ours. */
export function cancel(): never {
  return endInterrupted(new Interrupted(CANCELLED));
}

/** Ends the process with what `error` says, or throws it where the process is not ours. */
export function endInterrupted(error: Interrupted): never {
  if (!ours) throw error;
  // Below the question, and with a cursor, which some questions hide; else in the place of what is under way.
  if (asking) process.stderr.write('\x1b[?25h\n');
  else if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  process.stderr.write(`${error.message}\n`);
  process.exit(error.code);
}

/** How often, and how many times in a row, a closed input is seen before it counts as ended (milliseconds). */
const PAUSE = 50;
const LOOKS = 3;

/** Does `ask`, which asks a person; Ctrl-C and Ctrl-D cancel the run. */
export async function cancellable<T>(ask: () => Promise<T>): Promise<T> {
  let onEnd = (): void => undefined;
  // After Ctrl-D nothing is left to wait for, and the question would stay open for ever.
  const ended = new Promise<never>((_, reject) => {
    onEnd = () => reject(new InputEnded());
  });
  let looks = 0;
  // Between two questions the input pauses as well, but not for long.
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

// Inquirer throws the first on Ctrl-C, and the second when somebody else ended its questions; Yeoman's question
// about files throws the third.
const isExit = (error: unknown): boolean =>
  error instanceof Error &&
  (/^(Exit|Abort)PromptError$/.test(error.name) || error.message === 'Process aborted by user');
