import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  fingerprintOf,
  makeDeployKey,
  publicHalfOf,
  withoutComment,
} from '../../lib/credentials/deploy-key.ts';
import { temporaryFolder } from '../sandbox.ts';

const folder = temporaryFolder();
const hasOpenSsh = spawnSync('ssh-keygen', ['-?']).error === undefined;
const skip = hasOpenSsh ? false : 'there is no ssh-keygen';

/** What ssh-keygen prints about `text`, which it reads as a file with a key. */
function keygen(text: string, ...flags: string[]): string {
  const file = join(folder, 'key');
  writeFileSync(file, text, { mode: 0o600 });
  return execFileSync('ssh-keygen', [...flags, '-f', file], { encoding: 'utf8' }).trim();
}

test('OpenSSH reads a key, and says the same public half and fingerprint', { skip }, () => {
  for (const comment of ['flux-gitops flux-demo', '', 'x', 'flux-gitops f', 'flux-gitops fl']) {
    const { identity, publicKey } = makeDeployKey(comment);
    assert.equal(keygen(identity, '-y'), publicKey.trim(), comment);

    assert.equal(keygen(publicKey, '-l').split(' ')[1], fingerprintOf(publicKey));
  }
});

test('OpenSSH signs with a key, and the public half verifies it', { skip }, () => {
  const { identity, publicKey } = makeDeployKey('a');
  const [key, data] = [join(folder, 'signer'), join(folder, 'data')];
  writeFileSync(key, identity, { mode: 0o600 });
  writeFileSync(data, 'hello');
  execFileSync('ssh-keygen', ['-Y', 'sign', '-n', 'file', '-f', key, data], { stdio: 'ignore' });
  writeFileSync(join(folder, 'allowed'), `me ${publicKey}\n`);
  const check = ['-Y', 'verify', '-f', join(folder, 'allowed'), '-I', 'me', '-n', 'file'];
  const { status } = spawnSync('ssh-keygen', [...check, '-s', `${data}.sig`], {
    input: readFileSync(data),
  });
  assert.equal(status, 0);
});

test('the public half is found in the private one', () => {
  for (let count = 0; count < 40; count++) {
    const { identity, publicKey } = makeDeployKey(`comment ${'x'.repeat(count)}`);
    assert.equal(publicHalfOf(identity), withoutComment(publicKey));
  }
});

test('no two keys are the same', () => {
  assert.notEqual(makeDeployKey('a').publicKey, makeDeployKey('a').publicKey);
});

test('keys that other programs made are read', { skip }, () => {
  for (const type of ['ed25519', 'rsa', 'ecdsa']) {
    const file = join(folder, type);
    execFileSync('ssh-keygen', ['-q', '-N', '', '-t', type, '-f', file]);
    const expected = withoutComment(readFileSync(`${file}.pub`, 'utf8'));
    assert.equal(publicHalfOf(readFileSync(file, 'utf8')), expected, type);
  }
  for (const format of ['pkcs8', 'pkcs1'] as const) {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = pair.privateKey.export({ format: 'pem', type: format }).toString();
    assert.equal(publicHalfOf(pem), withoutComment(keygen(pem, '-y')), format);
  }
  const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });
  assert.match(publicHalfOf(pem.toString()) ?? '', /^ssh-ed25519 AAAAC3/);
});

test('a text that is no key has no public half', () => {
  const begin = '-----BEGIN OPENSSH PRIVATE KEY-----\n';
  const texts = ['', 'x', `${begin}AAAA\n-----END OPENSSH PRIVATE KEY-----`, `${begin}-----END x`];
  for (const text of texts) assert.equal(publicHalfOf(text), undefined, text);
});
