/** Talks to a cluster: `kubectl` for what a person would type, its proxy for quick reads. */
import { spawn } from 'node:child_process';
import { request } from 'node:http';

/** What is needed to reach a cluster. */
export type Access = { kubeconfig: string; kubectl: string; socket: string };

/** The parts of a Kubernetes object that the checks look at. */
export type Kubernetes = {
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid: string;
    generation: number;
    resourceVersion: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    deletionTimestamp?: string;
    finalizers?: string[];
  };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown> & { conditions?: Condition[] };
};

/** One entry of `status.conditions`. */
export type Condition = {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  observedGeneration?: number;
};

/** The answer of the API server, or of a command. */
export type Answer = { code: number; out: string; error: string };

/** Plural and API path of the kinds that are read by name. */
const paths: Readonly<Record<string, string>> = {
  Namespace: '/api/v1/namespaces',
  Node: '/api/v1/nodes',
  Pod: '/api/v1/pods',
  Service: '/api/v1/services',
  ConfigMap: '/api/v1/configmaps',
  ServiceAccount: '/api/v1/serviceaccounts',
  RoleBinding: '/apis/rbac.authorization.k8s.io/v1/rolebindings',
  NetworkPolicy: '/apis/networking.k8s.io/v1/networkpolicies',
  Secret: '/api/v1/secrets',
  Deployment: '/apis/apps/v1/deployments',
  ReplicaSet: '/apis/apps/v1/replicasets',
  GitRepository: '/apis/source.toolkit.fluxcd.io/v1/gitrepositories',
  OCIRepository: '/apis/source.toolkit.fluxcd.io/v1/ocirepositories',
  Kustomization: '/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations',
  HelmRelease: '/apis/helm.toolkit.fluxcd.io/v2/helmreleases',
  FluxInstance: '/apis/fluxcd.controlplane.io/v1/fluxinstances',
};

/** The API path of a kind, in one namespace or in all, optionally of one object. */
export function pathOf(kind: string, namespace?: string, name?: string): string {
  const base = paths[kind];
  if (!base) throw new Error(`kube.ts knows no path for the kind ${kind}`);
  const at = base.lastIndexOf('/');
  const scope = namespace ? `/namespaces/${namespace}` : '';
  return `${base.slice(0, at)}${scope}${base.slice(at)}${name ? `/${name}` : ''}`;
}

/** One request through `kubectl proxy`, which does the authentication. */
export function call(
  access: Access,
  path: string,
  method = 'GET',
  body?: unknown,
): Promise<Answer> {
  const headers = { host: 'localhost', 'content-type': 'application/json' };
  const options = { socketPath: access.socket, path, method, headers };
  return new Promise((done, fail) => {
    const outgoing = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const out = Buffer.concat(chunks).toString();
        done({ code: response.statusCode ?? 0, out, error: '' });
      });
    });
    outgoing.on('error', fail);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function read<T>(access: Access, path: string): Promise<T | undefined> {
  const { code, out } = await call(access, path);
  if (code === 404) return undefined;
  if (code !== 200) throw new Error(`GET ${path} answered ${code}: ${out.slice(0, 500)}`);
  return JSON.parse(out) as T;
}

/** One object, or undefined where there is none. */
export function get(access: Access, kind: string, namespace: string | undefined, name: string) {
  return read<Kubernetes>(access, pathOf(kind, namespace, name));
}

/** All objects of a kind, in one namespace or in all. */
export async function list(access: Access, kind: string, namespace?: string) {
  const found = await read<{ items: Kubernetes[] }>(access, pathOf(kind, namespace));
  return found?.items ?? [];
}

/** Runs kubectl and returns whatever it says. */
export function tryKubectl(
  access: Access,
  args: readonly string[],
  input?: string,
): Promise<Answer> {
  const env = { ...process.env, KUBECONFIG: access.kubeconfig };
  const child = spawn(access.kubectl, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const answer: Answer = { code: -1, out: '', error: '' };
  child.stdout.on('data', (chunk) => {
    answer.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    answer.error += chunk;
  });
  // A kubectl that ends before it has read its input says why itself.
  child.stdin.on('error', () => {});
  child.stdin.end(input ?? '');
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => done({ ...answer, code: code ?? -1 }));
  });
}

/** Runs kubectl; what it refuses is an error with its own words. Returns its output. */
export async function kubectl(access: Access, args: readonly string[], input?: string) {
  const { code, out, error } = await tryKubectl(access, args, input);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}:\n${error}${out}`);
  return out;
}
