import { type RunControl, wait } from './control.ts';
import { readFailure } from './github.ts';
import { isUncertain } from './github-repos.ts';
import { type Facts, PublishError } from './refusals.ts';
import type { Home } from './sign-in.ts';
import type { Place, Proposal, PublicationRepo } from './state.ts';

/** A pushed branch that a person is to merge into the branch that Flux follows. */
export type Proposed = {
  readonly repo: PublicationRepo;
  readonly place: Place;
  readonly home: Home;
  readonly control: RunControl;
  readonly proposal: Proposal;
};

/** The address of the pull request, and whether this run opened it. */
export type PullRequest = { readonly url: string; readonly isNew: boolean };

/** The waits between tries to open a pull request (seconds). */
const TRIES = [1, 2, 4];

/**
 * The open pull request for the branch, which this run opens if there is none. If the answer to a request is lost, looks
 * at GitHub before it asks again, so that there are never two. Throws a PublishError when GitHub refuses.
 */
export async function ensurePullRequest(proposed: Proposed): Promise<PullRequest> {
  const { place, home, control } = proposed;
  const found = await findPullRequest(proposed);
  if (found !== undefined) return { url: found, isNew: false };
  for (const seconds of [...TRIES, undefined]) {
    const opened = await askForPullRequest(proposed);
    if (opened !== undefined) return { url: opened, isNew: true };
    const there = await findPullRequest(proposed);
    if (there !== undefined) return { url: there, isNew: true };
    if (seconds === undefined) break;
    const why = `GitHub did not answer the request to open a pull request for ${place.fullName}`;
    await wait(seconds, why, control);
  }
  const said = 'no answer to the request to open a pull request';
  throw new PublishError('GITHUB_5XX', { ...home.github.facts, repo: place.fullName, said });
}

function factsOf({ place, home }: Proposed, doing: string, method: string): Facts {
  return {
    owner: home.owner,
    repo: place.fullName,
    branch: place.branch,
    what: `${doing} ${place.fullName}`,
    request: `${method} /repos/${place.fullName}/pulls`,
    permissions: method === 'GET' ? 'pull_requests=read' : 'pull_requests=write',
    url: `${place.page}/compare/${place.followed}...${place.branch}`,
  };
}

/** The address of the open pull request for the branch; undefined when there is none. */
async function findPullRequest(proposed: Proposed): Promise<string | undefined> {
  const { repo, place, home } = proposed;
  const { github, owner } = home;
  const facts = factsOf(proposed, 'list the pull requests of', 'GET');
  const { data } = await github.call(facts, () =>
    github.rest.pulls.list({
      owner,
      repo: repo.name,
      state: 'open',
      head: `${owner}:${place.branch}`,
      base: place.followed ?? '',
    }),
  );
  if (!Array.isArray(data)) throw github.strangeAnswer(facts);
  return data[0]?.html_url;
}

/** Sends one request. Returns undefined if the caller must look at GitHub, because the request may have had an effect. */
function askForPullRequest(proposed: Proposed): Promise<string | undefined> {
  const { repo, place, home, proposal } = proposed;
  const { github, owner } = home;
  const facts = factsOf(proposed, 'open a pull request for', 'POST');
  return github.call(facts, async () => {
    try {
      const { data } = await github.rest.pulls.create({
        owner,
        repo: repo.name,
        title: proposal.title,
        head: place.branch,
        base: place.followed ?? '',
        body: repo.details ?? '',
        request: { retries: 0 },
      });
      return data.html_url;
    } catch (error) {
      const failure = readFailure(error);
      if (failure === undefined) throw error;
      if (isUncertain(failure.status, failure.network)) return undefined;
      if (failure.status !== 422) throw error;
      const texts = [failure.message, ...failure.errors.map(({ message = '' }) => message)];
      if (texts.some((text) => /already exists/i.test(text))) return undefined;
      const said = texts.filter(Boolean).join(' - ');
      throw new PublishError('PULL_REFUSED', { ...github.facts, ...facts, said }, error);
    }
  });
}
