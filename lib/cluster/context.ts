/** The context of the last command that used the cluster of an estate, so that no command changes another cluster unasked. */
import { spawnSync } from 'node:child_process';
import { UserError } from '../errors.ts';
import { quietEnvironment } from '../publish/secrets.ts';
import type { Terminal } from '../terminal.ts';
import { connect, type Kubectl } from './kubectl.ts';

/** The name of the value in the git configuration of a clone. It is not a part of the repository. */
const KEY = 'flux-gitops.context';

type Wanted = {
  /** The clone of the config repo. It remembers the context. */
  readonly folder: string;
  /** The value of `--context`. */
  readonly context: string | undefined;
  /** What the command will do on the cluster, as the rest of the question "On the cluster X: ...?" */
  readonly purpose: string;
  /** Whether the run asks questions. */
  readonly asks: boolean;
  /** Whether it deletes what nobody can bring back. Then Enter means no. */
  readonly deletes?: boolean;
};

/**
 * kubectl for a command that changes the cluster. On a terminal, names the context and asks for confirmation. Without a
 * terminal, the context must be that of the last time, or `--context` must name it. Throws a UserError when it is
 * another one, and Interrupted when the user says no.
 */
export async function connectToChange(wanted: Wanted, terminal: Terminal): Promise<Kubectl> {
  const { folder, context, purpose, asks, deletes = false } = wanted;
  const kubectl = await connect(context);
  const before = rememberedContext(folder);
  const isOther = before !== undefined && before !== kubectl.context;
  if (asks) await confirm(kubectl, { purpose, deletes }, isOther ? before : undefined, terminal);
  else if (isOther && context === undefined) throw otherCluster(kubectl, before);
  else terminal.say(`On the cluster of context ${kubectl.context} (${kubectl.server}): ${purpose}`);
  rememberContext(folder, kubectl.context);
  return kubectl;
}

/**
 * kubectl for a command that only reads the cluster. With another context than that of the last command that changed the
 * cluster, asks on a terminal; without one, `--context` must name it. Remembers nothing, so that a look at another
 * cluster does not change what the next command takes for the usual one. Throws a UserError when the context is not meant,
 * and Interrupted when the user says no.
 */
export async function connectToRead(wanted: Wanted, terminal: Terminal): Promise<Kubectl> {
  const { folder, context, purpose, asks } = wanted;
  const kubectl = await connect(context);
  const before = rememberedContext(folder);
  const isOther = context === undefined && before !== undefined && before !== kubectl.context;
  if (isOther && asks) await confirm(kubectl, { purpose, deletes: false }, before, terminal);
  else if (isOther) throw otherCluster(kubectl, before);
  else terminal.say(`On the cluster of context ${kubectl.context} (${kubectl.server}): ${purpose}`);
  return kubectl;
}

async function confirm(
  { context, server }: Kubectl,
  { purpose, deletes }: { readonly purpose: string; readonly deletes: boolean },
  before: string | undefined,
  terminal: Terminal,
): Promise<void> {
  if (before !== undefined)
    terminal.say(`The last command for this estate used another context: ${before}.`);
  const question = `On the cluster of context ${context} (${server}): ${purpose}?`;
  if (await terminal.confirm(question, before === undefined && !deletes)) return;
  const { cancel } = await import('../cancel.ts');
  cancel();
}

function otherCluster({ context }: Kubectl, before: string): UserError {
  return new UserError(
    `The current context of kubectl is ${context}, but the last command for this estate used ${before}. ` +
      'Nothing was changed.\n' +
      `  If you mean ${context}, add --context ${context}. Otherwise run kubectl config use-context ${before} first.`,
    1,
  );
}

/** The context that a command for the clone in `folder` used last; undefined if none did. */
export function rememberedContext(folder: string): string | undefined {
  const { stdout, status } = spawnSync('git', ['config', '--local', '--get', KEY], {
    cwd: folder,
    env: quietEnvironment(),
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() || undefined : undefined;
}

/** Remembers `context` for the clone in `folder`. In a folder without git it does nothing. */
export function rememberContext(folder: string, context: string): void {
  spawnSync('git', ['config', '--local', KEY, context], {
    cwd: folder,
    env: quietEnvironment(),
    stdio: 'ignore',
  });
}
