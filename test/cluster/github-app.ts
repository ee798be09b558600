/** GitHub's side of a GitHub App, on loopback: it checks the App's signature and gives out installation tokens. */
import { generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An App with one installation. */
export type GithubApp = {
  readonly appId: string;
  readonly installationId: string;
  /** The private key of the App, in the format that GitHub gives to people. */
  readonly privateKey: string;
  /** The address of the API for `githubAppBaseURL`. */
  readonly apiUrl: string;
  /** The tokens that it gave out. */
  readonly tokens: readonly string[];
  readonly close: () => Promise<void>;
};

/** Serves an App whose tokens go to `given`. */
export async function serveGithubApp(given: (token: string) => void): Promise<GithubApp> {
  const [appId, installationId] = ['12345', '67890'];
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const tokens: string[] = [];
  const server = createServer((request, response) => {
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const [, jwt = ''] = (request.headers.authorization ?? '').split('Bearer ');
    const [head = '', claims = '', signature = ''] = jwt.split('.');
    const bytes = Buffer.from(`${head}.${claims}`);
    const good = verify('sha256', bytes, publicKey, Buffer.from(signature, 'base64url'));
    if (!good || !isValid(claims, appId)) {
      answer(401, { message: 'A JSON web token could not be decoded' });
      return;
    }
    const path = `/api/v3/app/installations/${installationId}/access_tokens`;
    if (request.method !== 'POST' || request.url !== path) {
      answer(404, { message: 'Not Found' });
      return;
    }
    const token = `ghs_${randomBytes(18).toString('hex')}`;
    tokens.push(token);
    given(token);
    answer(201, { token, expires_at: new Date(Date.now() + 3_600_000).toISOString() });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    ...{ appId, installationId, tokens },
    privateKey: String(privateKey.export({ type: 'pkcs1', format: 'pem' })),
    apiUrl: `http://127.0.0.1:${port}/api/v3`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function isValid(claims: string, appId: string): boolean {
  const { iss, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as {
    iss?: string;
    exp?: number;
  };
  return iss === appId && (exp ?? 0) * 1000 > Date.now();
}
