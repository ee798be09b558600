import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe } from 'node:test';
import { git } from '../bare.ts';
import { writeIn } from '../run.ts';
import {
  assertPublished,
  assertRefused,
  assertUntouched,
  countCommits,
  type Scene,
  scenario,
} from '../scenario.ts';

/** A program that leaves a trace of having run, with all it could see, and fails. */
function trap({ estate }: Scene, path: string): string {
  const file = join(estate.home, path);
  writeIn(
    estate.home,
    path,
    `#!/bin/sh\n(env; cat) >> ${estate.home}/trapped 2>/dev/null </dev/null\nexit 1\n`,
  );
  chmodSync(file, 0o755);
  return file;
}

function assertNotTrapped({ estate }: Scene): void {
  assert.ok(!existsSync(join(estate.home, 'trapped')), 'no program of the user ran');
}

function author({ repo }: Scene): string {
  return git(repo('flux-dev').folder, 'log', '-1', '--format=%an <%ae> %cn', 'main').trim();
}

/** Settings of a user that publishing has to live with; `HOME` and `URL` are filled in. */
const LIVED_WITH: Record<string, string> = {
  'insteadOf to another place': '[url "http://127.0.0.1:9/"]\n\tinsteadOf = URL/',
  'pushInsteadOf to ssh': '[url "git@127.0.0.1:"]\n\tpushInsteadOf = URL/',
  'an http.extraHeader for all hosts': '[http]\n\textraHeader = Authorization: basic AAAA',
  'an http.extraHeader for this host': '[http "URL/"]\n\textraHeader = Authorization: basic AAAA',
  'an http.extraHeader for the owner':
    '[http "URL/octo/"]\n\textraHeader = Authorization: basic AAAA',
  'a credential user name': '[credential "URL"]\n\tusername = me',
  'init.defaultBranch': '[init]\n\tdefaultBranch = trunk',
  'autocrlf, and an attributes file':
    '[core]\n\tautocrlf = true\n\tsafecrlf = true\n\tattributesFile = HOME/attributes',
  'an excludes file that hides what we write': '[core]\n\texcludesFile = HOME/ignore',
  'colours and pagers':
    '[color]\n\tui = always\n[core]\n\tpager = false\n[log]\n\tshowSignature = true',
  'push options, tags, signed pushes':
    '[push]\n\tpushOption = ci.skip\n\tfollowTags = true\n\tgpgSign = true\n\tdefault = nothing',
  'user.useConfigOnly without an identity': '[user]\n\tuseConfigOnly = true',
  'a commit template and an editor':
    '[commit]\n\ttemplate = HOME/missing\n\tverbose = true\n[core]\n\teditor = false',
};

describe("the user's configuration of git", { concurrency: 2 }, () => {
  for (const [name, config] of Object.entries(LIVED_WITH)) {
    scenario(name, async (scene) => {
      const { home } = scene.estate;
      writeIn(
        home,
        '.gitconfig',
        config.replaceAll('URL', scene.standIn.url).replaceAll('HOME', home),
      );
      writeIn(home, 'attributes', '* text eol=crlf\n*.yaml filter=broken\n');
      writeIn(home, 'ignore', '*.yaml\n.yo-rc.json\n');
      const outcome = await scene.run();
      assert.equal(outcome.code, 0, outcome.lines);
      assertPublished(scene);
      assert.equal(author(scene), 'Octo Cat <583231+octo@users.noreply.127.0.0.1> Octo Cat');
    });
  }

  scenario('insteadOf does not mislead fetching either', async (scene) => {
    await scene.run();
    for (const { folder } of scene.estate.repos) rmSync(join(folder, '.git'), { recursive: true });
    const rule = `[url "http://127.0.0.1:9/"]\n\tinsteadOf = ${scene.standIn.url}/\n`;
    writeIn(scene.estate.home, '.gitconfig', rule);
    const outcome = await scene.run();
    assert.equal(outcome.code, 0, outcome.lines);
    assertPublished(scene);
  });

  scenario(
    'hooks, templates, credential helpers and askpass programs do not run',
    async (scene) => {
      for (const hook of [
        'pre-commit',
        'prepare-commit-msg',
        'commit-msg',
        'post-commit',
        'pre-push',
        'reference-transaction',
        'post-index-change',
      ]) {
        trap(scene, `hooks/${hook}`);
        trap(scene, `template/hooks/${hook}`);
      }
      const program = trap(scene, 'program');
      const config = [
        `[core]\n\thooksPath = ${scene.estate.home}/hooks\n\taskPass = ${program}\n\tfsmonitor = ${program}`,
        `[init]\n\ttemplateDir = ${scene.estate.home}/template`,
        `[credential]\n\thelper = ${program}\n[credential "${scene.standIn.url}"]\n\thelper = ${program}`,
        `[credential "${scene.standIn.url}/octo"]\n\thelper = ${program}`,
      ];
      writeIn(scene.estate.home, '.gitconfig', `${config.join('\n')}\n`);
      const outcome = await scene.run({
        env: { GIT_ASKPASS: program, SSH_ASKPASS: program, EDITOR: program },
      });
      assert.equal(outcome.code, 0, outcome.lines);
      assertPublished(scene);
      assertNotTrapped(scene);
      assert.ok(!existsSync(join(scene.estate.workspace, 'flux-dev/.git/hooks')));
    },
  );

  scenario('a credential helper is not asked when the token is wrong for git', async (scene) => {
    const program = trap(scene, 'program');
    writeIn(scene.estate.home, '.gitconfig', `[credential]\n\thelper = ${program}\n`);
    const headers = { 'www-authenticate': 'Basic realm="GitHub"' };
    scene.standIn.faults.push({ on: /info\/refs/, when: 'before', status: 401, headers });
    assertRefused(await scene.run(), 'PUSH_401');
    assertNotTrapped(scene);
  });

  scenario('the own identity of the author stays', async (scene) => {
    writeIn(
      scene.estate.home,
      '.gitconfig',
      '[user]\n\tname = Me Myself\n\temail = me@example.com\n',
    );
    await scene.run();
    assert.equal(author(scene), 'Me Myself <me@example.com> Me Myself');
  });

  scenario('the identity of the environment wins, as in git', async (scene) => {
    writeIn(
      scene.estate.home,
      '.gitconfig',
      '[user]\n\tname = Me Myself\n\temail = me@example.com\n',
    );
    await scene.run({ env: { GIT_AUTHOR_NAME: 'Env', GIT_AUTHOR_EMAIL: 'env@example.com' } });
    assert.equal(author(scene), 'Env <env@example.com> Me Myself');
  });

  scenario('git variables of the shell lead nowhere else', async (scene) => {
    const env = {
      GIT_DIR: '/nonexistent',
      GIT_INDEX_FILE: '/nonexistent',
      GIT_WORK_TREE: '/',
      GIT_TRACE: '1',
      GIT_CURL_VERBOSE: '1',
      GIT_TRACE_CURL: '1',
    };
    const outcome = await scene.run({ env });
    assert.equal(outcome.code, 0, outcome.lines);
    assertPublished(scene);
  });

  scenario('signing that fails: published without a signature, and said', async (scene) => {
    writeIn(
      scene.estate.home,
      '.gitconfig',
      '[commit]\n\tgpgSign = true\n[gpg]\n\tprogram = false\n',
    );
    const outcome = await scene.run();
    assert.equal(outcome.code, 0, outcome.lines);
    assert.match(
      outcome.lines,
      /! octo\/flux-dev: git must sign commits here, but signing failed .* commit --amend -S --no-edit/,
    );
    assertPublished(scene);
  });

  scenario('signing that works is kept', async (scene) => {
    const key = join(scene.estate.home, 'key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    writeIn(
      scene.estate.home,
      '.gitconfig',
      `[commit]\n\tgpgSign = true\n[gpg]\n\tformat = ssh\n[user]\n\tsigningKey = ${key}\n`,
    );
    const outcome = await scene.run();
    assert.equal(outcome.code, 0, outcome.lines);
    assert.match(
      git(scene.repo('flux-dev').folder, 'cat-file', 'commit', 'main'),
      /BEGIN SSH SIGNATURE/,
    );
  });
});

describe('folders that cannot be published', { concurrency: 2 }, () => {
  scenario('a remote "origin" that points elsewhere', async (scene) => {
    const { folder } = scene.estate.repos[0] ?? { folder: '' };
    git(folder, 'init', '-q', '-b', 'main');
    git(folder, 'remote', 'add', 'origin', 'https://me:secret@github.com/other/thing.git');
    const outcome = await scene.run();
    assertRefused(
      outcome,
      'ORIGIN',
      /The remote "origin" of \S+ is https:\/\/\*\*\*@github\.com\/other\/thing\.git/,
      /remote rename origin old/,
    );
    assertUntouched(scene, outcome);
  });

  scenario(
    'a remote "origin" that is the same, over ssh: the push still uses the token',
    async (scene) => {
      await scene.run();
      const { folder } = scene.estate.repos[0] ?? { folder: '' };
      git(
        folder,
        'remote',
        'set-url',
        'origin',
        `ssh://git@${new URL(scene.standIn.url).host}/octo/flux-dev.git`,
      );
      writeIn(folder, 'README.md', 'changed\n');
      const outcome = await scene.run();
      assert.equal(outcome.code, 0, outcome.lines);
      assert.equal(countCommits(scene.repo('flux-dev')), 2);
    },
  );

  /** The real ssh, with a configuration of the test: ssh itself looks into the home of the account. */
  const configureSsh = ({ estate }: Scene, config: string): Record<string, string> => {
    writeIn(estate.home, 'ssh_config', config);
    const { PATH } = process.env;
    const script = `#!/bin/sh\nPATH='${PATH}' exec ssh -F '${estate.home}/ssh_config' "$@"\n`;
    writeIn(estate.home, 'bin/ssh', script);
    chmodSync(join(estate.home, 'bin/ssh'), 0o755);
    return { PATH: `${join(estate.home, 'bin')}:${PATH}` };
  };

  scenario('a remote "origin" with a Host of the ssh configuration', async (scene) => {
    await scene.run();
    const { folder } = scene.estate.repos[0] ?? { folder: '' };
    git(folder, 'remote', 'set-url', 'origin', 'git@work:octo/flux-dev.git');
    const alias = 'Host work\n  HostName 127.0.0.1\n  User git\n  Port 443\n';
    const outcome = await scene.run({ env: configureSsh(scene, alias) });
    assert.equal(outcome.code, 0, outcome.lines);
    assert.match(outcome.lines, /octo\/flux-dev: up to date/);
    const elsewhere = 'Host work\n  HostName gitlab.com\n';
    assertRefused(await scene.run({ env: configureSsh(scene, elsewhere) }), 'ORIGIN', /git@work/);
    git(folder, 'remote', 'set-url', 'origin', 'git@work:octo/flux-other.git');
    assertRefused(await scene.run({ env: configureSsh(scene, alias) }), 'ORIGIN', /flux-other/);
  });

  scenario('a remote "origin" with a shorthand of insteadOf', async (scene) => {
    await scene.run();
    const { folder } = scene.estate.repos[0] ?? { folder: '' };
    git(folder, 'remote', 'set-url', 'origin', 'gh:octo/flux-dev');
    writeIn(scene.estate.home, '.gitconfig', `[url "${scene.standIn.url}/"]\n\tinsteadOf = gh:\n`);
    const outcome = await scene.run();
    assert.equal(outcome.code, 0, outcome.lines);
    git(folder, 'remote', 'set-url', '--push', 'origin', 'gh:octo/flux-other');
    assertRefused(await scene.run(), 'ORIGIN', /gh:octo\/flux-other/);
  });

  scenario('a checkout with CRLF: line ends are no change', async (scene) => {
    await scene.run();
    const { folder } = scene.estate.repos[0] ?? { folder: '' };
    git(folder, 'config', 'core.autocrlf', 'true');
    const text = readFileSync(join(folder, 'README.md'), 'utf8').replaceAll('\n', '\r\n');
    writeIn(folder, 'README.md', text);
    const same = await scene.run();
    assert.match(same.lines, /octo\/flux-dev: up to date/);
    writeIn(folder, 'README.md', `${text}more\r\n`);
    assert.equal((await scene.run()).code, 0);
    const there = git(scene.repo('flux-dev').folder, 'show', 'main:README.md');
    assert.equal(there, '# flux-dev README.md\nmore\n', 'LF is committed');
  });

  scenario('a file that this tool has removed is removed on GitHub', async (scene) => {
    await scene.run();
    const [first] = scene.estate.repos;
    assert.ok(first);
    rmSync(join(first.folder, 'dev/app.yaml'));
    const files = first.files.filter((file) => file !== 'dev/app.yaml');
    scene.estate.repos[0] = { ...first, files, removed: ['dev/app.yaml', 'never/there.yaml'] };
    const outcome = await scene.run();
    assert.equal(outcome.code, 0, outcome.lines);
    const paths = git(scene.repo('flux-dev').folder, 'ls-tree', '-r', '--name-only', 'main');
    assert.equal(paths, '.yo-rc.json\nREADME.md\n');
    assert.match((await scene.run()).lines, /octo\/flux-dev: up to date/);
  });

  scenario('a lock that is not ours', async (scene) => {
    await scene.run();
    const { folder } = scene.estate.repos[0] ?? { folder: '' };
    writeIn(folder, 'README.md', 'changed\n');
    writeIn(folder, '.git/index.lock', '');
    assertRefused(await scene.run(), 'LOCKED', /rm \S+\/flux-dev\/\.git\/index\.lock/);
    assert.ok(existsSync(join(folder, '.git/index.lock')), 'it is not removed');
  });

  scenario('in the middle of a merge', async (scene) => {
    await scene.run();
    const { folder } = scene.estate.repos[0] ?? { folder: '' };
    writeIn(folder, '.git/MERGE_HEAD', git(folder, 'rev-parse', 'HEAD'));
    assertRefused(await scene.run(), 'DIRTY', /flux-dev is in the middle of a merge/);
  });

  scenario('on another branch', async (scene) => {
    await scene.run();
    git(scene.estate.repos[0]?.folder ?? '', 'switch', '-q', '-c', 'topic');
    assertRefused(
      await scene.run(),
      'OTHER_BRANCH',
      /is on the branch topic, not on the branch main/,
    );
  });

  scenario('a folder that was published elsewhere', async (scene) => {
    await scene.run();
    const outcome = await scene.run({ request: { owner: 'octo-org' } });
    assertRefused(
      outcome,
      'OTHER_TARGET',
      /was published to http:\S+\/octo\/flux-dev, not to octo-org\/flux-dev/,
    );
    assert.equal(scene.standIn.repos.length, 2);
  });

  scenario('a journal that is damaged', async (scene) => {
    writeIn(scene.estate.workspace, '.flux-gitops-publish.json', '{');
    const outcome = await scene.run();
    assertRefused(
      outcome,
      'JOURNAL',
      /cannot read or write its journal \S+\.flux-gitops-publish\.json/,
    );
    assertUntouched(scene, outcome);
  });

  scenario('a file that is not there', async (scene) => {
    const [first] = scene.estate.repos;
    assert.ok(first);
    scene.estate.repos[0] = { ...first, files: [...first.files, 'missing.yaml'] };
    assertRefused(
      await scene.run(),
      'UNREADABLE',
      /cannot read a file of octo\/flux-dev: .*missing\.yaml/,
    );
    assert.equal(scene.standIn.repos.length, 0);
  });

  scenario('no git', async (scene) => {
    const outcome = await scene.run({ env: { PATH: scene.estate.home } });
    assertRefused(outcome, 'NO_GIT', /git is not installed, or PATH does not include it/);
    assertUntouched(scene, outcome);
  });

  scenario('an old git', async (scene) => {
    writeIn(scene.estate.home, 'bin/git', '#!/bin/sh\necho git version 2.20.1\n');
    chmodSync(join(scene.estate.home, 'bin/git'), 0o755);
    const outcome = await scene.run({ env: { PATH: join(scene.estate.home, 'bin') } });
    assertRefused(outcome, 'OLD_GIT', /git 2\.20\.1 is too old/);
  });

  scenario('a full folder name with spaces and a quote', async (scene) => {
    const [first, second] = scene.estate.repos;
    assert.ok(first && second);
    const folder = join(scene.estate.workspace, "it's a folder");
    renameSync(first.folder, folder);
    scene.estate.repos[0] = { ...first, folder };
    const outcome = await scene.run();
    assert.equal(outcome.code, 0, outcome.lines);
    assertPublished(scene);
    assert.deepEqual(readdirSync(scene.estate.workspace).sort(), [
      '.flux-gitops-publish.json',
      'flux-demo',
      "it's a folder",
    ]);
  });

  const root = process.getuid?.() === 0;
  if (root) {
    scenario('a repository of another user', async (scene) => {
      await scene.run();
      const { folder } = scene.estate.repos[0] ?? { folder: '' };
      for (const path of [folder, join(folder, '.git')]) chownSync(path, 12345, 12345);
      assertRefused(await scene.run(), 'DUBIOUS', /belongs to another user/, /safe\.directory/);
    });
  }
});
