/** The way to the API server for quick reads: kubectl does the authentication. */
import type { Processes } from './processes.ts';
import { until } from './wait.ts';

/** `kubectl proxy` on a socket that only this user can open; it outlives API server restarts. */
export async function startProxy(
  run: Processes,
  access: { kubeconfig: string; kubectl: string },
  socket: string,
): Promise<void> {
  const args = ['proxy', `--unix-socket=${socket}`, `--kubeconfig=${access.kubeconfig}`];
  run.start({ name: 'kubectl-proxy', path: access.kubectl, args });
  await until('kubectl proxy listens', 30_000, async () => {
    const seen = run.tail('kubectl-proxy');
    return seen.includes('Starting to serve') ? { ok: true } : { seen };
  });
}
