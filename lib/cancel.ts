/** What a run says that a person ended before it wrote anything. */
export const CANCELLED = 'Cancelled. Nothing was written.';

/** 128 + SIGINT, as shells report it. */
const CODE = 130;

let cancel: (() => void) | undefined;

/** From now on Ctrl-C ends this process with one line, until `keepRunning` is called. */
export function cancelOnInterrupt(): void {
  keepRunning();
  cancel = () => {
    process.stderr.write(`${CANCELLED}\n`);
    process.exit(CODE);
  };
  process.on('SIGINT', cancel);
}

/** To be called when something is written: whoever is interrupted later must hear what is true then. */
export function keepRunning(): void {
  if (cancel) process.off('SIGINT', cancel);
  cancel = undefined;
}
