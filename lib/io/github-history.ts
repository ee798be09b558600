import { readFailure } from './github-failures.ts';
import { aboutRepo, type Owned, refuseAnswer } from './github-repos.ts';

/** The head of a branch. */
export type Branch = { readonly name: string; readonly sha: string };

/** The branches; none means that the repository is empty: neither size nor pushed_at tells that. */
export function listBranches(owned: Owned, name: string): Promise<Branch[]> {
  const { github, owner } = owned;
  const request = `GET /repos/${owner}/${name}/branches`;
  const facts = aboutRepo(owned, name, 'list the branches of', request, 'contents=read');
  return github.call(facts, async () => {
    const { data } = await github.rest.repos.listBranches({ owner, repo: name, per_page: 100 });
    if (!Array.isArray(data)) refuseAnswer(owned, facts);
    return data.map((branch) => ({ name: branch.name, sha: branch.commit.sha }));
  });
}

/** The tree of the commit `ref`. */
export async function findTree(owned: Owned, name: string, ref: string): Promise<string> {
  const { github, owner } = owned;
  const request = `GET /repos/${owner}/${name}/commits/${ref}`;
  const facts = aboutRepo(owned, name, 'read a commit of', request, 'contents=read');
  const read = () => github.rest.repos.getCommit({ owner, repo: name, ref });
  const { data } = await github.call(facts, read);
  return data.commit.tree.sha;
}

/** Whether the commit `head` has grown from `base` (or is it), as far as GitHub knows `base`. */
export function grewFrom(owned: Owned, repo: string, base: string, head: string): Promise<boolean> {
  const { github, owner } = owned;
  const basehead = `${base}...${head}`;
  const request = `GET /repos/${owner}/${repo}/compare/${basehead}`;
  const facts = aboutRepo(owned, repo, 'compare commits of', request, 'contents=read');
  const where = { owner, repo, basehead, per_page: 1 };
  return github.call(facts, async () => {
    try {
      const { data } = await github.rest.repos.compareCommitsWithBasehead(where);
      return data.status === 'ahead' || data.status === 'identical';
    } catch (error) {
      if (readFailure(error)?.status === 404) return false;
      throw error;
    }
  });
}
