import { type Problem, quote } from '../errors.ts';
import type { Given } from '../settings/arguments.ts';
import { goodText } from '../settings/resolve.ts';
import {
  DEMO_OWNER,
  type EstateSettings,
  SETTINGS,
  type Visibility,
} from '../settings/settings.ts';
import { type Environment, ownerUrl } from './estate.ts';

/**
 * Adds a problem to `problems` for credentials that cannot help Flux: for public repositories, for the private
 * repositories of the public demo, and an ssh address that nothing uses. `environments` are those of the run.
 */
export function checkCredentials(
  { texts, switches }: Given,
  visibility: Visibility,
  environments: readonly Environment[],
  problems: Problem[],
): void {
  const asked = texts.credentials?.at(-1);
  const ssh = texts.sshUrl?.at(-1);
  const used = [...new Set(environments.map(({ credentials }) => credentials))];
  if (visibility === 'public' && asked !== undefined && asked !== 'none') {
    problems.push({
      given: `--credentials ${quote(asked)} with public repositories`,
      rule: 'only private repositories need credentials. Flux reads public repositories without any',
      example: `--visibility private --credentials ${goodText('credentials', asked)}`,
      flag: '--credentials or --visibility',
      settings: ['credentials', 'visibility'],
    });
    return;
  }
  if (ssh !== undefined && ssh !== SETTINGS.sshUrl.default && !used.includes('deploy-key'))
    problems.push({
      given: `--ssh-url ${quote(ssh)} with --credentials ${used.join(' and ')}`,
      rule: 'Flux uses ssh only with --credentials deploy-key, which only private repositories have',
      example: `--visibility private --credentials deploy-key --ssh-url ${goodText('sshUrl', ssh)}`,
      flag: '--ssh-url or --credentials',
      settings: ['sshUrl', 'credentials'],
    });
  // With --publish, the owner is the user who is signed in.
  const ofDemo = environments.some((one) => one.credentials !== 'none' && isDemo(one));
  if (ofDemo && !switches.publish)
    problems.push({
      given: `--visibility private with the owner ${DEMO_OWNER}`,
      rule: 'only the owner of a private repository can give Flux credentials for it, and the repositories of this owner are the public demo',
      example: '--visibility private --owner octo-org',
      flag: '--owner',
      settings: ['owner', 'visibility'],
    });
}

/** Adds a problem to `problems` if Flux should decrypt a config repo that it does not follow. */
export function checkSops(
  { texts }: Given,
  { syncConfig, sopsAge }: EstateSettings,
  problems: Problem[],
): void {
  if (sopsAge.length === 0 || syncConfig === 'yes') return;
  problems.push({
    given: `${texts.sopsAge ? '--sops-age' : 'the recorded --sops-age'} without --sync-config`,
    rule: 'Flux can decrypt only what it applies, so it must follow the config repo',
    example: texts.sopsAge ? `--sync-config --sops-age ${sopsAge[0]}` : '--sops-age none',
    flag: '--sops-age or --sync-config',
    settings: ['sopsAge', 'syncConfig'],
  });
}

const isDemo = (environment: Environment): boolean =>
  ownerUrl(environment).toLowerCase() ===
  ownerUrl({ githubUrl: SETTINGS.githubUrl.default, owner: DEMO_OWNER });
