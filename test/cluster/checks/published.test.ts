import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StandIn } from '../../github/stand-in.ts';
import { apply, check } from '../check.ts';
import { fluxGitops } from '../command.ts';
import { running } from '../demo.ts';
import { configPath, type Estate } from '../estate.ts';
import { applied } from '../expect.ts';

type Published = {
  readonly published: readonly { readonly name: string; readonly pushed: string }[];
};

/** Runs the command, publishes to `standIn`, and returns the commit that each repository got. */
async function publishTo(standIn: StandIn, args: readonly string[]): Promise<Map<string, string>> {
  process.env.GH_ENTERPRISE_TOKEN = standIn.access.token;
  const out = await fluxGitops([...args, '--publish', '--json', '--github-url', standIn.url]);
  const { published } = JSON.parse(out) as Published;
  return new Map(published.map(({ name, pushed }) => [name, pushed]));
}

check(
  'an estate that is published is reconciled from there, and so is a later tenant',
  async ({ estate }) => {
    const standIn = await new StandIn().open();
    try {
      const published: Estate = { ...estate, dir: join(estate.dir, 'published'), owner: 'octo' };
      await mkdir(published.dir);
      const { dir, prefix, profile } = published;
      const flags = ['--into', dir, '--prefix', prefix, '--profile', profile, '--yes'];
      const commits = await publishTo(standIn, flags);
      await apply(published, 'dev', 'stage', 'prod');
      for (const env of ['dev', 'stage', 'prod'])
        await applied(published, env, commits.get(published.repos[env] ?? '') ?? '');
      published.repos.qa = 'flux-stage-prod';
      const into = ['--into', configPath(published), '--repo', 'flux-stage-prod'];
      const added = await publishTo(standIn, ['tenant', 'qa', ...into]);
      await apply(published, 'qa');
      await applied(published, 'qa', added.get('flux-stage-prod') ?? '');
      await running(published, 'qa');
    } finally {
      await standIn.close();
    }
  },
);
