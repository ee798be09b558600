/** The deploy keys of a repository on GitHub. */
import { pause, type RunControl } from '../publish/control.ts';
import { readFailure } from '../publish/github.ts';
import type { Facts } from '../publish/refusals.ts';
import type { Home } from '../publish/sign-in.ts';
import { fingerprintOf, withoutComment } from './deploy-key.ts';

/** A deploy key as GitHub shows it. */
export type RegisteredKey = {
  readonly id: number;
  readonly title: string;
  readonly fingerprint: string;
  readonly readOnly: boolean;
  /** The time of its registration and of its last use, as GitHub writes them. */
  readonly createdAt: string;
  /** Undefined if it was never used, or if GitHub does not say it. */
  readonly lastUsed: string | undefined;
};

const PAGE = 100;

/** All deploy keys of `repo`. */
export function listDeployKeys(home: Home, repo: string): Promise<RegisteredKey[]> {
  const { github, owner } = home;
  const facts = aboutKeys(home, repo, 'list the deploy keys of', 'GET');
  return github.call(facts, async () => {
    const keys: RegisteredKey[] = [];
    for (let page = 1; ; page++) {
      const where = { owner, repo, per_page: PAGE, page };
      const { data } = await github.rest.repos.listDeployKeys(where);
      if (!Array.isArray(data)) throw github.strangeAnswer(facts);
      for (const one of data) {
        const fingerprint = fingerprintOf(one.key);
        const [lastUsed, createdAt] = [one.last_used ?? undefined, one.created_at];
        const { id, title, read_only: readOnly } = one;
        keys.push({ id, title, fingerprint, readOnly, createdAt, lastUsed });
      }
      if (data.length < PAGE) return keys;
    }
  });
}

/** How often a registration is tried when GitHub does not answer. */
const TRIES = 3;

/**
 * Registers the public half `publicKey` for reading only. When the answer of GitHub is lost, it looks whether GitHub has
 * the key, and tries again if not.
 */
export function registerDeployKey(
  home: Home,
  repo: string,
  title: string,
  publicKey: string,
  control: RunControl,
): Promise<void> {
  const { github, owner } = home;
  const facts = { ...aboutKeys(home, repo, 'add a deploy key to', 'POST'), deployKey: 'yes' };
  const key = withoutComment(publicKey);
  const body = { owner, repo, title, key, read_only: true, request: { retries: 0 } };
  const isThere = async (): Promise<boolean> =>
    (await listDeployKeys(home, repo)).some((one) => one.fingerprint === fingerprintOf(key));
  return github.call(facts, async () => {
    for (let left = TRIES; ; left--) {
      try {
        await github.rest.repos.createDeployKey(body);
        return;
      } catch (error) {
        const { status } = readFailure(error) ?? { status: -1 };
        const isLost = status === 0 || status >= 500;
        if ((isLost || status === 422) && (await isThere())) return;
        if (!isLost || left === 1) throw error;
        await pause(1, control);
      }
    }
  });
}

/** Takes the deploy key `id` from `repo`. A key that is already gone is no error. */
export function removeDeployKey(home: Home, repo: string, id: number): Promise<void> {
  const { github, owner } = home;
  const facts = aboutKeys(home, repo, 'remove a deploy key of', 'DELETE');
  return github.call(facts, async () => {
    try {
      await github.rest.repos.deleteDeployKey({ owner, repo, key_id: id });
    } catch (error) {
      if (readFailure(error)?.status !== 404) throw error;
    }
  });
}

function aboutKeys({ owner }: Home, name: string, doing: string, method: string): Facts {
  const repo = `${owner}/${name}`;
  const request = `${method} /repos/${repo}/keys`;
  return {
    owner,
    repo,
    what: `${doing} ${repo}`,
    request,
    permissions: 'administration=write',
    keys: 'yes',
  };
}
