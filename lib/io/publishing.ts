import type { Given } from '../core/arguments.ts';
import { repositoryUrl } from '../core/estate.ts';
import type { Plan } from '../core/plan.ts';
import type { Publication, PublicationRepo, PublishResult } from '../core/publication.ts';
import { describeProgress } from '../core/publication-progress.ts';
import { DEMO_OWNER, type Visibility } from '../core/questions.ts';
import type { ComparedRepo, FileState } from './compare.ts';
import { type Session, signIn } from './github-owner.ts';
import { publish } from './publish.ts';
import { openPace } from './publish-pace.ts';
import { standardInput } from './standard-input.ts';
import type { Terminal } from './terminal.ts';
import { WRITTEN } from './write.ts';

/** A user who is signed in, and what publishing needs besides the plan. */
export type Signed = {
  readonly session: Session;
  readonly request: Omit<Publication, 'repos' | 'workspace'>;
};

/**
 * Signs in to GitHub for the run of `given` that `plan` plans, and returns `given` with the owner as
 * GitHub spells it: addresses in the files depend on it. Without an owner it is the token's user.
 */
export async function signInFor(
  given: Given,
  plan: Plan,
  command: string,
  say: (text: string) => void,
): Promise<{ readonly given: Given; readonly signed: Signed }> {
  const { texts, switches } = given;
  const first = plan.environments[0];
  if (!first) throw new Error('a plan without environments cannot be published');
  const { githubUrl, branch } = first;
  const recorded = first.owner === DEMO_OWNER ? undefined : first.owner;
  const owner = texts.owner?.[0] ?? recorded;
  const visibility: Visibility = texts.visibility?.[0] === 'private' ? 'private' : 'public';
  const tokenStdin = switches.tokenStdin ? standardInput() : undefined;
  const pace = openPace((event) => say(describeProgress(event)));
  const session = await signIn({ githubUrl, owner, visibility, tokenStdin }, pace);
  const request = {
    githubUrl,
    owner: session.owner,
    branch,
    visibility,
    tokenStdin,
    template: switches.template === true,
    topics: texts.topic ?? [],
    adoptEmpty: switches.adoptEmpty === true,
    dryRun: switches.dryRun === true,
    command,
  };
  // A recorded owner that differs in case only is left as it is: no file has to change for it.
  const known = recorded?.toLowerCase() === session.owner.toLowerCase() && !texts.owner;
  const signedTexts = known ? texts : { ...texts, owner: [session.owner] };
  return { given: { ...given, texts: signedTexts }, signed: { session, request } };
}

/** Publishes `repos`, or looks at what publishing would do in a dry run. Ctrl-C ends it in order. */
export async function publishRepos(
  { session, request }: Signed,
  repos: readonly ComparedRepo[],
  workspace: string,
  terminal: Terminal,
  asks: boolean,
): Promise<PublishResult[]> {
  const abort = new AbortController();
  const interrupt = (): void => abort.abort();
  const pace = openPace((event) => terminal.say(describeProgress(event)), abort.signal);
  const home = { githubUrl: request.githubUrl, owner: session.owner };
  const isOurs = ({ repo }: ComparedRepo): boolean =>
    repo.url.toLowerCase() === repositoryUrl(home, repo.name).toLowerCase();
  for (const { repo } of repos.filter((one) => !isOurs(one)))
    pace.report({
      kind: 'warning',
      repo: repo.name,
      text: `${repo.url} has another owner, and is not published`,
    });
  const ours = repos.filter(isOurs).map((repo) => publicationRepo(repo, request.dryRun));
  const confirm = async (names: readonly string[]): Promise<boolean> =>
    terminal.confirm(`Create public repositories: ${names.join(', ')}?`, false);
  process.once('SIGINT', interrupt);
  try {
    const attended = { session, ...(asks && { confirm }) };
    return await publish({ ...request, workspace, repos: ours }, pace, attended);
  } finally {
    process.off('SIGINT', interrupt);
  }
}

function publicationRepo({ repo, folder, files }: ComparedRepo, dryRun: boolean): PublicationRepo {
  const { name, description, role } = repo;
  const chosen = files.filter(({ state }) => !LEFT.has(state));
  // A dry run has written nothing, so what it would write is handed over as text.
  const unwritten = dryRun ? chosen.filter(({ state }) => WRITTEN.has(state)) : [];
  const contents = Object.fromEntries(unwritten.map(({ path, contents }) => [path, contents]));
  return { name, folder, description, role, files: chosen.map(({ path }) => path), contents };
}

const LEFT: ReadonlySet<FileState> = new Set(['keep', 'conflict']);
