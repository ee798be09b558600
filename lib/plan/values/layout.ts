import type { Environment } from '../estate.ts';

/** The folder of the layout `overlays` that has a folder for each environment. */
const OVERLAYS = 'overlays';

/** The folder of `environment` in its app repo. */
export function appFolderOf({ name, layout }: Environment): string {
  return layout === 'overlays' ? `${OVERLAYS}/${name}` : name;
}

/** The folder of the layout `overlays` that all environments of an app repo share. */
export const BASE = 'base';

/** The folders of the app repo with the app of `environment`: what it shares with other environments comes first. */
export function appFoldersOf(environment: Environment): string[] {
  const own = appFolderOf(environment);
  return environment.layout === 'overlays' ? [BASE, own] : [own];
}

/** The file of the app repo with the demo app of `environment`. */
export function demoFileOf(environment: Environment): string {
  return `${appFoldersOf(environment)[0]}/app.yaml`;
}

/** The file of the config repo with the encrypted Secret of `environment`. The command `credentials` writes it. */
export function encryptedFileOf(environment: string): string {
  return `${environment}/3_credentials.sops.yaml`;
}

/** The environment that the file at `path` of a repository belongs to, if there is an environment of that name. */
export function environmentOf(path: string): string {
  const [first = '', second = '', ...below] = path.split('/');
  return first === OVERLAYS && below.length > 0 ? second : first;
}

/** The key of the file at `path` among the files that `environment` records. */
export function fileKey(path: string, environment: string): string {
  return path.startsWith(`${environment}/`) ? path.slice(environment.length + 1) : path;
}

/** The path of the file that `environment` records as `key`. */
export function filePath(key: string, environment: string): string {
  return key.startsWith(`${OVERLAYS}/${environment}/`) ? key : `${environment}/${key}`;
}
