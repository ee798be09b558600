/** Who may talk to the control plane: tokens and keys made anew for each, gone with its folder. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const components = ['admin', 'kube-controller-manager', 'kube-scheduler', 'kwok'] as const;

/** A kubeconfig with one user that has a token. */
export function writeKubeconfig(path: string, server: string, ca: string, token: string): void {
  const cluster = { server, 'certificate-authority': ca };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'flux-gitops-test', cluster }],
    users: [{ name: 'user', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'flux-gitops-test', user: 'user' } }],
    'current-context': 'test',
  };
  writeFileSync(path, JSON.stringify(config, null, 2), { mode: 0o600 });
}

/** A token for each user; who is in system:masters may do everything. */
export function writeTokens(path: string): Map<string, string> {
  const tokens = new Map(components.map((name) => [name, randomBytes(24).toString('hex')]));
  const rows = [...tokens].map(([name, token]) => {
    const masters = name === 'admin' || name === 'kwok' ? ',"system:masters"' : '';
    const user = masters ? name : `system:${name}`;
    return `${token},${user},${user}${masters}\n`;
  });
  writeFileSync(path, rows.join(''), { mode: 0o600 });
  return tokens;
}

/** The key pair that signs the tokens of service accounts. */
export function writeSigningKeys(dir: string): void {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const secret = privateKey.export({ type: 'pkcs8', format: 'pem' });
  writeFileSync(join(dir, 'sa.key'), secret, { mode: 0o600 });
  writeFileSync(join(dir, 'sa.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
}
