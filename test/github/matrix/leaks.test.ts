import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { listProcesses, type Process } from '../processes.ts';
import { writeIn } from '../run.ts';
import { assertPublished, scenario } from '../scenario.ts';

/** Whether `process` is the pushing git, or was started by it. */
function isPushing(process: Process, all: readonly Process[]): boolean {
  for (let at: Process | undefined = process; at !== undefined; ) {
    if (/^git .* (push|ls-remote) /.test(at.line)) return true;
    const { parent }: Process = at;
    at = all.find(({ pid }) => pid === parent);
  }
  return false;
}

describe('the token', { concurrency: 1 }, () => {
  scenario(
    'is in no command line, and in no environment but that of the pushing git',
    async (scene) => {
      const { token } = scene.standIn.access;
      const shapes = [token, Buffer.from(`x-access-token:${token}`).toString('base64')];
      const holds = (text: string) => shapes.some((shape) => text.includes(shape));
      scene.standIn.watch = async (line, moment) => {
        if (moment === 'before' && !line.includes('/api/')) await sleep(120);
      };
      let group = 0;
      let done = false;
      const lines = new Set<string>();
      const leaks = new Set<string>();
      const run = scene.run({
        token: '',
        request: { tokenStdin: token },
        onStart: ({ pid = 0 }) => {
          group = pid;
        },
      });
      const finished = run.finally(() => {
        done = true;
      });
      while (!done) {
        const all = listProcesses();
        for (const process of all.filter((one) => one.group === group)) {
          lines.add(process.line);
          if (holds(process.line)) leaks.add(`argv: ${process.line}`);
          // a process that is just being started has an environment before it has a command line
          if (process.line !== '' && holds(process.environment) && !isPushing(process, all))
            leaks.add(`environment: ${process.line}`);
        }
        await sleep(2);
      }
      assert.equal((await finished).code, 0);
      assertPublished(scene);
      assert.deepEqual([...leaks], []);
      for (const seen of [/^git .* push /, /remote-http/, /driver\.ts/]) {
        assert.ok(
          [...lines].some((line) => seen.test(line)),
          `${seen} was seen`,
        );
      }
    },
  );

  scenario('is not printed with DEBUG=* and NODE_DEBUG', async (scene) => {
    const outcome = await scene.run({
      env: { DEBUG: '*', NODE_DEBUG: 'child_process,fetch,undici,http,net', DEBUG_DEPTH: '20' },
    });
    assert.match(outcome.printed, /simple-git/);
    assert.match(
      outcome.printed,
      /FLUX_GITOPS_PUSH_TOKEN: '\*\*\*'/,
      'the place where it would be was printed',
    );
    assertPublished(scene);
  });

  scenario('is not printed with DEBUG=* when it comes from a credential helper', async (scene) => {
    const helper = '!f() { printf "username=x\\npassword=%s\\n" "$HELPER_SECRET"; }; f';
    const config = { GIT_CONFIG_GLOBAL: `${scene.estate.home}/config` };
    writeIn(
      scene.estate.home,
      'config',
      `[credential]\n\thelper = "${helper.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"\n`,
    );
    const env = { ...config, DEBUG: '*', HELPER_SECRET: scene.standIn.access.token };
    const outcome = await scene.run({ token: '', env });
    assert.equal(outcome.code, 0, outcome.lines);
    assert.match(outcome.lines, /git's credential helper/);
  });

  scenario(
    'is not in the text of errors, nor in what a failed push prints under DEBUG',
    async (scene) => {
      scene.standIn.faults.push({ on: /receive-pack/, when: 'before', status: 403 });
      const outcome = await scene.run({ env: { DEBUG: '*' } });
      assert.equal(outcome.error?.code, 'PUSH_403');
    },
  );
});
