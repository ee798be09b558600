import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeDeployKey, withoutComment } from '../../lib/credentials/deploy-key.ts';
import { hostOf, knownHosts, knownHostsFor } from '../../lib/credentials/known-hosts.ts';
import { temporaryFolder } from '../sandbox.ts';

const [KEY, OTHER] = ['a', 'b'].map((one) => withoutComment(makeDeployKey(one).publicKey));
const skip = spawnSync('ssh-keygen', ['-?']).error ? 'there is no ssh-keygen' : false;

test('a host is written as OpenSSH writes it', () => {
  const hosts = {
    'ssh://git@github.com/octo': 'github.com',
    'ssh://git@github.com:22/octo': 'github.com',
    'ssh://git@ssh.github.com:443': '[ssh.github.com]:443',
    'ssh://git@127.0.0.1:2222': '[127.0.0.1]:2222',
    'ssh://git@[::1]:2222': '[::1]:2222',
    'ssh://git@[::1]': '::1',
  };
  for (const [url, host] of Object.entries(hosts)) assert.equal(hostOf(url), host);
});

test('OpenSSH finds the host in what is written', { skip }, () => {
  const file = join(temporaryFolder(), 'known_hosts');
  for (const host of ['github.com', '[ssh.github.com]:443', '[::1]:2222']) {
    writeFileSync(file, knownHosts(host, [KEY ?? '', OTHER ?? '']));
    const found = execFileSync('ssh-keygen', ['-F', host, '-f', file], { encoding: 'utf8' });
    assert.equal(found.split('\n').filter((line) => line.startsWith(host)).length, 2, host);
  }
});

test('only the lines about the host are taken from a file, also hashed ones', { skip }, () => {
  const file = join(temporaryFolder(), 'known_hosts');
  const lines = [
    `git.example.com,10.0.0.1 ${KEY} a comment`,
    `other.example.com ${OTHER}`,
    `*.example.com ${OTHER}`,
    `@revoked git.example.com ${OTHER}`,
    `@cert-authority *.example.com ${OTHER}`,
    `[git.example.com]:2222 ${OTHER}`,
    '# git.example.com',
    'git.example.com not-a-key',
    '',
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  const expected = `git.example.com ${KEY}\n`;
  assert.equal(knownHostsFor('git.example.com', readFileSync(file, 'utf8')), expected);
  writeFileSync(file, `git.example.com ${KEY}\n`);
  execFileSync('ssh-keygen', ['-H', '-f', file], { stdio: 'ignore' });
  const hashed = readFileSync(file, 'utf8');
  assert.match(hashed, /^\|1\|/);
  assert.equal(knownHostsFor('git.example.com', hashed), expected);
  assert.equal(knownHostsFor('example.com', hashed), '');
});
