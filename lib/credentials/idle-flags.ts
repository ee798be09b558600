/** The notes about flags of `credentials` that change nothing in a run, because it does not need what they give. */
import type { Given } from '../settings/arguments.ts';
import { flagOf, isSwitch, type SettingKey } from '../settings/settings.ts';
import type { Source } from './sources.ts';

/** The flags about what a run puts into Secrets. */
const ABOUT_SECRETS = [
  'registerKeys',
  'knownHosts',
  'secretStdin',
  'appId',
  'installationId',
  'privateKey',
  'overwrite',
] as const satisfies readonly SettingKey[];

/** The notes about flags of `given` that change nothing for `sources`, the repositories of the run. */
export function idleFlagNotes({ texts, switches }: Given, sources: readonly Source[]): string[] {
  const mode = (['listKeys', 'revoke', 'prune'] as const).find((key) => switches[key]);
  const isGiven = (key: SettingKey): boolean =>
    isSwitch(key) ? switches[key] === true : texts[key] !== undefined;
  const note = (key: SettingKey, why: string): string =>
    `${flagOf(key)} changes nothing in this run: ${why}.`;
  if (mode !== undefined)
    return ABOUT_SECRETS.filter(isGiven).map((key) =>
      note(key, `${flagOf(mode)} makes no Secrets`),
    );
  const kinds = new Set(sources.map(({ kind }) => kind));
  const hasKeys = kinds.has('deploy-key');
  const signsIn = hasKeys && (switches.registerKeys === true || switches.rotate === true);
  const idle: readonly (readonly [SettingKey, boolean, why: string])[] = [
    ['registerKeys', hasKeys, 'Flux reads these repositories without deploy keys'],
    [
      'registerKeys',
      !hasKeys || switches.rotate !== true,
      '--rotate registers the new keys anyway',
    ],
    ['knownHosts', hasKeys, 'Flux reads these repositories without ssh'],
    ['apiTokenStdin', signsIn, 'it changes no deploy keys on GitHub'],
    [
      'secretStdin',
      kinds.has('token') || kinds.has('github-app'),
      'the command makes the deploy keys itself',
    ],
    ...(['appId', 'installationId', 'privateKey'] as const).map(
      (key) => [key, kinds.has('github-app'), 'Flux reads no repository as a GitHub App'] as const,
    ),
    ['overwrite', texts.secretFile !== undefined, 'it is about the file of --file'],
  ];
  return idle
    .filter(([key, isNeeded]) => isGiven(key) && !isNeeded)
    .map(([key, , why]) => note(key, why));
}
