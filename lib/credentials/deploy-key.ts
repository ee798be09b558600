/** Deploy keys: ed25519 pairs in the formats of OpenSSH, made and read in memory. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
} from 'node:crypto';

/** Both halves of a key. */
export type DeployKey = {
  /** The private half, as OpenSSH writes it to a file. */
  readonly identity: string;
  /** The public half in one line: the type, the key and a comment. */
  readonly publicKey: string;
};

const TYPE = 'ssh-ed25519';

/** A new key with `comment` at the end of its public half. */
export function makeDeployKey(comment: string): DeployKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  const seed = Buffer.from(d, 'base64url');
  const point = Buffer.from(x, 'base64url');
  const publicKey = `${TYPE} ${publicBlob(point).toString('base64')} ${comment}`;
  return { identity: openSshFile(seed, point, comment, randomBytes(4)), publicKey };
}

const publicBlob = (point: Buffer): Buffer => Buffer.concat([field(TYPE), field(point)]);

/** `contents` as the formats of OpenSSH have it: after its length. */
function field(contents: Buffer | string): Buffer {
  const bytes = Buffer.from(contents as Buffer);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

const MAGIC = 'openssh-key-v1\0';
const ONE = Buffer.from([0, 0, 0, 1]);
const BLOCK = 8;

/** The file of an unencrypted key: PROTOCOL.key of OpenSSH. `check` is a random number, which the file has twice. */
function openSshFile(seed: Buffer, point: Buffer, comment: string, check: Buffer): string {
  const secret = Buffer.concat([
    ...[check, check, field(TYPE), field(point)],
    ...[field(Buffer.concat([seed, point])), field(comment)],
  ]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7]).subarray(0, -secret.length & (BLOCK - 1));
  const file = Buffer.concat([
    ...[Buffer.from(MAGIC), field('none'), field('none'), field(''), ONE],
    ...[field(publicBlob(point)), field(Buffer.concat([secret, padding]))],
  ]);
  const lines = file.toString('base64').match(/.{1,70}/g) ?? [];
  const name = 'OPENSSH PRIVATE KEY';
  return [`-----BEGIN ${name}-----`, ...lines, `-----END ${name}-----`, ''].join('\n');
}

/** The public half (type and key) of the private key in `identity`; undefined if it cannot be read. */
export function publicHalfOf(identity: string): string | undefined {
  const body = /^-----BEGIN OPENSSH PRIVATE KEY-----([^-]+)-----END/.exec(identity.trim())?.[1];
  if (body === undefined) return publicHalfOfPem(identity);
  const file = Buffer.from(body, 'base64');
  // The cipher, the function for the password, its options and the number of keys come before the public half.
  let at = MAGIC.length;
  const next = (): Buffer => {
    const start = at + 4;
    at = start + (file.length >= start ? file.readUInt32BE(at) : 0);
    return file.subarray(start, at);
  };
  for (let skipped = 0; skipped < 3; skipped++) next();
  at += ONE.length;
  const blob = next();
  const length = blob.length >= 4 ? blob.readUInt32BE() : 0;
  const type = blob.subarray(4, 4 + length).toString('latin1');
  return /^[\w@.-]+$/.test(type) ? `${type} ${blob.toString('base64')}` : undefined;
}

/** Flux also reads other formats, so a Secret can have a key that another program made. */
function publicHalfOfPem(identity: string): string | undefined {
  try {
    const key = createPublicKey(createPrivateKey(identity));
    const { x = '', n = '', e = '' } = key.export({ format: 'jwk' });
    if (key.asymmetricKeyType === 'ed25519')
      return `${TYPE} ${publicBlob(Buffer.from(x, 'base64url')).toString('base64')}`;
    if (key.asymmetricKeyType !== 'rsa') return undefined;
    const numbers = [e, n].map((text) => field(positive(Buffer.from(text, 'base64url'))));
    return `ssh-rsa ${Buffer.concat([field('ssh-rsa'), ...numbers]).toString('base64')}`;
  } catch {
    return undefined;
  }
}

const positive = (number: Buffer): Buffer =>
  ((number[0] ?? 0) & 0x80) === 0 ? number : Buffer.concat([Buffer.from([0]), number]);

/** The type and the key of a public key in one line, without its comment. GitHub keeps no comment. */
export function withoutComment(publicKey: string): string {
  return publicKey.trim().split(/\s+/).slice(0, 2).join(' ');
}

/** The fingerprint of a public key, as `ssh-keygen -l` and GitHub show it. */
export function fingerprintOf(publicKey: string): string {
  const [, key = ''] = publicKey.trim().split(/\s+/);
  const hash = createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64');
  return `SHA256:${hash.replace(/=+$/, '')}`;
}
