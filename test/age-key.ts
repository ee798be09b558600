import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { delimiter, dirname } from 'node:path';
import { pathOf } from './cluster/cache.ts';

/** Whether there is a sops: on the PATH, or where the cluster tests build it. Puts the latter on the PATH. */
export function putSopsOnPath(): boolean {
  const runs = (path: string): boolean =>
    spawnSync(path, ['--help'], { stdio: 'ignore' }).status === 0;
  if (runs('sops')) return true;
  if (!runs(pathOf('sops'))) return false;
  process.env.PATH = `${dirname(pathOf('sops'))}${delimiter}${process.env.PATH}`;
  return true;
}

const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

function checksumOf(values: readonly number[]): number {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    for (const [n, part] of GENERATOR.entries()) if ((top >>> n) & 1) sum ^= part;
  }
  return sum >>> 0;
}

/** `bytes` in Bech32 (BIP 173), as age writes keys. */
function bech32(prefix: string, bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const words = (bits.match(/.{1,5}/g) ?? []).map((part) =>
    Number.parseInt(part.padEnd(5, '0'), 2),
  );
  const codes = [...prefix].map((letter) => letter.charCodeAt(0));
  const head = [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
  const sum = checksumOf([...head, ...words, 0, 0, 0, 0, 0, 0]) ^ 1;
  const check = [25, 20, 15, 10, 5, 0].map((shift) => (sum >>> shift) & 31);
  return `${prefix}1${[...words, ...check].map((word) => ALPHABET[word]).join('')}`;
}

/** A new X25519 key of age: the private half and its recipient, as age-keygen prints them. */
export function ageKey(): { readonly identity: string; readonly recipient: string } {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const bytes = (jwk: { d?: string; x?: string }, field: 'd' | 'x') =>
    Buffer.from(jwk[field] ?? '', 'base64url');
  return {
    identity: bech32(
      'age-secret-key-',
      bytes(privateKey.export({ format: 'jwk' }), 'd'),
    ).toUpperCase(),
    recipient: bech32('age', bytes(publicKey.export({ format: 'jwk' }), 'x')),
  };
}
