import { about, type Finding, isObject, type Manifest, objectName } from '../model.ts';
import { changed } from '../read/parse.ts';
import type { Applier } from './objects.ts';

/**
 * What `check` finds in a manifest. A Secret that SOPS encrypted is checked without its values, if `isDecrypted` says that
 * Flux decrypts it; otherwise Flux refuses it.
 */
export function checkEncrypted(
  manifest: Manifest,
  applier: Applier,
  isDecrypted: boolean,
  check: (manifest: Manifest) => Finding[],
): Finding[] {
  const { kind, value } = manifest;
  if (kind !== 'Secret' || !isObject(value.sops) || applier === 'kubectl') return check(manifest);
  if (!isDecrypted) {
    const message = `${objectName(manifest)} is SOPS encrypted, configuring decryption is required for this secret to be reconciled`;
    return [about('secret-encrypted', manifest, message, ['sops'])];
  }
  const { sops, data, stringData, ...clear } = value;
  return check(changed(manifest, clear));
}
