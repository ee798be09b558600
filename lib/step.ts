/** Something that a person does after a run: a sentence, and the commands for it, quoted for a POSIX shell. */
export type Step = {
  readonly text: string;
  readonly commands: readonly string[];
  /** Another way to do the same. */
  readonly or?: { readonly text: string; readonly commands: readonly string[] };
};
