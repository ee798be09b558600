/** The living cluster, through the user's own kubectl, so that every kind of sign-in works. */
import { spawn } from 'node:child_process';
import { UserError } from '../errors.ts';
import { environmentWithoutTokens } from '../publish/secrets.ts';

/** An object of the cluster, as kubectl prints it in JSON. */
export type KubernetesObject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: { readonly [key: string]: string };
    readonly annotations?: { readonly [key: string]: string };
    readonly finalizers?: readonly string[];
  };
  readonly [field: string]: unknown;
};

/** kubectl with one context of the user's kubeconfig. */
export type Kubectl = {
  /** The name of the context. */
  readonly context: string;
  /** The address of the API server. */
  readonly server: string;
  /**
   * Runs kubectl with `args`, and with `input` on its standard input. Returns what it prints. Throws a UserError with
   * kubectl's own message when it fails.
   */
  readonly run: (args: readonly string[], input?: string) => Promise<string>;
  /** The same, but returns also what kubectl says when it fails: it may have done a part of what it was asked. */
  readonly attempt: (args: readonly string[], input?: string) => Promise<Attempt>;
  /** The object `name` of `resource`, such as `secrets`, or undefined if there is none. */
  readonly get: (
    resource: string,
    name: string,
    namespace?: string,
  ) => Promise<KubernetesObject | undefined>;
  /** All objects of `resource` in `namespace`, or in all namespaces; undefined if the cluster does not know the kind. */
  readonly list: (
    resource: string,
    where?: { readonly namespace?: string; readonly selector?: string },
  ) => Promise<readonly KubernetesObject[] | undefined>;
};

/** How a run of kubectl ended, and what it printed to stdout and stderr. */
export type Attempt = { readonly code: number; readonly out: string; readonly error: string };

/** How long kubectl may wait for an answer of the API server. */
const REQUEST_TIMEOUT = '30s';

/**
 * kubectl with `context`, or with the current context. Throws a UserError if there is no kubectl, no such context, or if
 * the API server does not answer.
 */
export async function connect(context?: string): Promise<Kubectl> {
  const named = context ?? (await currentContext());
  const flags = ['--context', named, '--request-timeout', REQUEST_TIMEOUT];
  const attempt = (args: readonly string[], input?: string): Promise<Attempt> =>
    tryKubectl([...flags, ...args], input);
  const run = (args: readonly string[], input?: string): Promise<string> =>
    runKubectl([...flags, ...args], input);
  const path = '{.clusters[0].cluster.server}';
  const server = await run(['config', 'view', '--minify', '-o', `jsonpath=${path}`]);
  await run(['version', '-o', 'json']);
  return {
    context: named,
    server,
    run,
    attempt,
    get: async (resource, name, namespace) => {
      const place = namespace === undefined ? [] : ['-n', namespace];
      const text = await run([
        ...['get', resource, name, ...place, '--ignore-not-found', '-o', 'json'],
      ]);
      return text === '' ? undefined : (JSON.parse(text) as KubernetesObject);
    },
    list: async (resource, { namespace, selector } = {}) => {
      const place = namespace === undefined ? ['-A'] : ['-n', namespace];
      const chosen = selector === undefined ? [] : ['-l', selector];
      try {
        const text = await run(['get', resource, ...place, ...chosen, '-o', 'json']);
        return (JSON.parse(text) as { items: readonly KubernetesObject[] }).items;
      } catch (error) {
        if (error instanceof KubectlError && error.isUnknownKind) return undefined;
        throw error;
      }
    },
  };
}

async function currentContext(): Promise<string> {
  try {
    return (await runKubectl(['config', 'current-context'])).trim();
  } catch (error) {
    if (!(error instanceof KubectlError)) throw error;
    throw new UserError(
      'kubectl has no current context, so it is not clear which cluster is meant.\n' +
        '  Choose one with kubectl config use-context NAME, or give --context NAME.',
      1,
      error,
    );
  }
}

/** kubectl ended with an error. The message is what kubectl printed. */
export class KubectlError extends UserError {
  /** Whether the API server does not know the kind of the request. */
  readonly isUnknownKind: boolean;
  /** Whether the user may not do what the request says. */
  readonly isForbidden: boolean;
  /** What kubectl printed before it failed: of several kinds, the objects of those that the user may see. */
  readonly output: string;

  constructor(message: string, output = '') {
    super(`kubectl: ${message.replace(/^error: /, '')}`, 1);
    this.isUnknownKind = /the server doesn't have a resource type/.test(message);
    this.isForbidden = /\(Forbidden\)/.test(message);
    this.output = output;
  }
}

/** Runs kubectl. Returns what it prints to stdout, and throws a KubectlError if it fails. */
async function runKubectl(args: readonly string[], input?: string): Promise<string> {
  const { code, out, error } = await tryKubectl(args, input);
  if (code !== 0) throw new KubectlError(error || `exit ${code}`, out);
  return out;
}

/** Runs kubectl. Secrets must be in `input`: other users of the machine can read the arguments of a process. */
function tryKubectl(args: readonly string[], input = ''): Promise<Attempt> {
  return new Promise((resolve, reject) => {
    const child = spawn('kubectl', args, {
      env: environmentWithoutTokens(),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    child.on('error', (error: NodeJS.ErrnoException) => reject(explainStart(error)));
    // kubectl can end before it has read its input.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.on('close', (code) =>
      resolve({
        code: code ?? -1,
        out: Buffer.concat(out).toString('utf8'),
        error: Buffer.concat(errors).toString('utf8').trim(),
      }),
    );
  });
}

function explainStart(error: NodeJS.ErrnoException): Error {
  if (error.code !== 'ENOENT') return error;
  return new UserError(
    'This needs kubectl, and there is no kubectl on your PATH.\n' +
      '  Install it: https://kubernetes.io/docs/tasks/tools/. A command with --live also runs without --live.',
    1,
    error,
  );
}
