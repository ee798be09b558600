/**
 * A stand-in for kubectl that prints what is in a folder. The tests on a real control plane show that kubectl answers
 * like this.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { KubernetesObject } from '../../lib/cluster/kubectl.ts';
import { temporaryFolder } from '../sandbox.ts';

const SCRIPT = `#!/bin/sh
here=$(dirname "$0")
shift 4 # --context NAME --request-timeout TIME, and nothing else comes without them but the first call
echo "$*" >> "$here/calls"
fail() { cat "$1" >&2; exit 1; }
case "$*" in
  "config view"*) printf %s https://127.0.0.1:6443 ;;
  "version"*) echo '{}' ;;
  *" -A "*) kind=$(cat "$here/unknown" 2>/dev/null || echo none)
    case "$*" in *"$kind"*) echo "error: the server doesn't have a resource type \\"\${kind%%.*}\\"" >&2; exit 1 ;; esac
    [ ! -f "$here/refuse-all" ] || fail "$here/refuse-all"; cat "$here/all" ;;
  "get namespaces "*) [ ! -f "$here/refuse-all" ] || fail "$here/refuse-all"; cat "$here/namespaces" ;;
  *" -n "*) for word; do [ ! -f "$here/refuse-$word" ] || fail "$here/refuse-$word"; done
    for word; do [ ! -f "$here/in-$word" ] || cat "$here/in-$word"; done ;;
esac
`;

/** A cluster as the stand-in shows it. */
export type StandIn = {
  /** The environment of a process that finds the stand-in. */
  readonly env: NodeJS.ProcessEnv;
  /** From now on, these objects are on the cluster. */
  readonly show: (objects: readonly KubernetesObject[]) => void;
  /** What kubectl says instead: to requests about the whole cluster (`all`), or about a namespace. */
  readonly refuse: (where: string, message: string | undefined) => void;
  /** From now on, the cluster does not know `kind`. */
  readonly forget: (kind: string) => void;
  /** The calls so far, without the flags that each of them has. */
  readonly calls: () => string[];
};

export function standIn(): StandIn {
  const folder = temporaryFolder();
  const path = (name: string): string => join(folder, name);
  // The first call asks for the current context, and has no other arguments.
  const current = `#!/bin/sh\n[ "$1 $2" != "config current-context" ] || { echo kind-test; exit; }\n`;
  writeFileSync(path('kubectl'), current + SCRIPT.replace('#!/bin/sh\n', ''), { mode: 0o755 });
  const put = (name: string, text: string): void => {
    writeFileSync(path(`${name}.new`), text);
    // A process may be reading the file.
    renameSync(path(`${name}.new`), path(name));
  };
  const list = (items: readonly KubernetesObject[]): string =>
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  return {
    env: { ...process.env, PATH: [folder, process.env.PATH].join(delimiter), NO_COLOR: '1' },
    show: (objects) => {
      put('all', list(objects));
      put('namespaces', list(objects.filter(({ kind }) => kind === 'Namespace')));
      const homes = Map.groupBy(objects, ({ metadata }) => metadata.namespace ?? '');
      for (const [home, all] of homes) put(`in-${home}`, list(all));
    },
    refuse: (where, message) => {
      if (message === undefined) rmSync(path(`refuse-${where}`), { force: true });
      else put(`refuse-${where}`, message);
    },
    forget: (kind) => put('unknown', kind),
    calls: () => readFileSync(path('calls'), 'utf8').trim().split('\n'),
  };
}
