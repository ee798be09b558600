import { namespaceOf } from '../../plan/estate.ts';
import { aboutFile, at, type EstateFiles, type Finding, listAt, textAt } from '../model.ts';
import { byHandIn } from '../read/by-hand.ts';
import type { Parser } from '../read/estate.ts';
import { readYaml } from '../read/parse.ts';
import { SYNC_LIST } from './files.ts';

const PRUNE = 'kustomize.toolkit.fluxcd.io/prune';

/** Whether the list of what Flux applies has the patches of each environment that is leaving, and of no other. */
export function checkDepartures(files: EstateFiles, parse: Parser): Finding[] {
  const { config, environments } = files;
  if (config === undefined || !config.files.has(SYNC_LIST) || byHandIn(files).has(SYNC_LIST))
    return [];
  const patches = parse(config, SYNC_LIST).others.flatMap(({ value }) => listAt(value, 'patches'));
  const lines = (config.files.get(SYNC_LIST) ?? '').split('\n');
  return environments.flatMap((environment) => {
    const namespace = namespaceOf(environment);
    const missing = [
      ...(patches.some((one) => allowsPruning(one, namespace)) ? [] : ['the annotation for Flux']),
      ...(patches.some((one) => removesApp(one, namespace)) ? [] : ['the Kustomization']),
    ];
    const about = (code: 'departure-incomplete' | 'departure-unrecorded', said: string) => {
      const line = lines.findIndex((one) => one.includes(namespace)) + 1;
      const finding = aboutFile(code, config.name, SYNC_LIST, said, Math.max(1, line));
      return { ...finding, environment: environment.name };
    };
    if (environment.leaving && missing.length > 0)
      return [
        about(
          'departure-incomplete',
          `${environment.name} is leaving, but patches has nothing for ${missing.join(' and ')} of ${namespace}`,
        ),
      ];
    if (environment.leaving || missing.length === 2) return [];
    return [
      about(
        'departure-unrecorded',
        `patches removes objects of ${namespace}, but .yo-rc.json does not say that ${environment.name} is leaving`,
      ),
    ];
  });
}

/** Whether a patch lets Flux delete what the list no longer has of a tenant. */
const allowsPruning = (one: unknown, namespace: string): boolean =>
  (textAt(one, 'target', 'labelSelector') ?? '')
    .split(',')
    .includes(`toolkit.fluxcd.io/tenant=${namespace}`) &&
  at(patchIn(one), 'metadata', 'annotations', PRUNE) === 'enabled';

/** Whether a patch makes the sync of a tenant apply nothing. */
const removesApp = (one: unknown, namespace: string): boolean =>
  textAt(one, 'target', 'kind') === 'Kustomization' &&
  textAt(one, 'target', 'namespace') === namespace &&
  listAt(patchIn(one), 'spec', 'patches').some(
    (inner) => at(patchIn(inner), '$patch') === 'delete',
  );

const patchIn = (one: unknown): unknown => readYaml(textAt(one, 'patch') ?? '');
