import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { SHELLS, type Shell } from '../../lib/settings/command-words.ts';
import { BIN, runCommand, temporaryFolder } from '../sandbox.ts';
import { type OnTerminal, onTerminal } from './terminal.ts';

const folder = temporaryFolder();
const bin = join(folder, 'bin');
const estate = join(folder, 'estate');
const config = join(estate, 'flux-demo');
const env = {
  PATH: [bin, process.env.PATH].join(delimiter),
  HOME: join(folder, 'home'),
  XDG_CONFIG_HOME: join(folder, 'home/.config'),
  XDG_DATA_HOME: join(folder, 'home/.local/share'),
  ZDOTDIR: join(folder, 'home'),
  LC_ALL: 'C.UTF-8',
  INPUTRC: '/dev/null',
  fish_greeting: '',
};

before(async () => {
  mkdirSync(bin);
  const command = join(bin, 'flux-gitops');
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`);
  chmodSync(command, 0o755);
  await runCommand(['--yes', '--into', estate], folder);
  for (const name of ['two words', "it's", 'plain/below', 'file']) {
    if (name === 'file') writeFileSync(join(config, 'plain-file'), '');
    else mkdirSync(join(config, name), { recursive: true });
  }
  mkdirSync(env.HOME);
  const dump = join(folder, 'line');
  const rc = {
    bash: `PS1='$ '\neval "$(flux-gitops completion bash)"\nbind -x '"\\C-o": printf %s "$READLINE_LINE" > ${dump}; READLINE_LINE=; READLINE_POINT=0'\n`,
    zsh:
      "PS1='$ '\nautoload -Uz compinit && compinit -u -D\nsource <(flux-gitops completion zsh)\n" +
      `dump() { print -rn -- $BUFFER > ${dump}; BUFFER= }\nzle -N dump\nbindkey -e\nbindkey '^O' dump\n`,
    fish:
      'function fish_prompt; echo -n "\\$ "; end\nflux-gitops completion fish | source\n' +
      `bind \\co 'commandline | string collect > ${dump}; commandline ""'\nset -g fish_autosuggestion_enabled 0\n`,
  };
  writeFileSync(join(env.HOME, '.bashrc'), rc.bash);
  writeFileSync(join(env.HOME, '.zshrc'), rc.zsh);
  mkdirSync(join(env.XDG_CONFIG_HOME, 'fish'), { recursive: true });
  writeFileSync(join(env.XDG_CONFIG_HOME, 'fish/config.fish'), rc.fish);
});

const START: { readonly [shell in Shell]: readonly string[] } = {
  bash: ['bash', '--noprofile', '-i'],
  zsh: ['zsh', '-d', '-i'],
  fish: ['fish', '-i'],
};

/** What is typed before the Tab key, and the command line after it; paths as each shell quotes them. */
const COMPLETED: readonly [string, string | { readonly [shell in Shell]: string }][] = [
  ['flux-gitops ten', 'flux-gitops tenant '],
  ['flux-gitops sc', 'flux-gitops scenario-repo '],
  ['flux-gitops comp', 'flux-gitops completion '],
  ['flux-gitops completion f', 'flux-gitops completion fish '],
  ['flux-gitops help sc', 'flux-gitops help scenario-repo '],
  ['flux-gitops tenant --prof', 'flux-gitops tenant --profile '],
  ['flux-gitops tenant --profile h', 'flux-gitops tenant --profile hardened '],
  ['flux-gitops tenant --profile=r', 'flux-gitops tenant --profile=reference '],
  ['flux-gitops --cluster-type=o', 'flux-gitops --cluster-type=openshift '],
  ['flux-gitops --cluster-type az', 'flux-gitops --cluster-type azure '],
  ['flux-gitops --service-type L', 'flux-gitops --service-type LoadBalancer '],
  ['flux-gitops --visibility pr', 'flux-gitops --visibility private '],
  ['flux-gitops --allow-kustomize=n', 'flux-gitops --allow-kustomize=no '],
  ['flux-gitops tenant st', 'flux-gitops tenant stage '],
  ['flux-gitops tenant qa --repo flux-s', 'flux-gitops tenant qa --repo flux-stage-prod '],
  ['flux-gitops tenant --replicas pr', 'flux-gitops tenant --replicas prod='],
  ['flux-gitops scenario-repo x --env stage,d', 'flux-gitops scenario-repo x --env stage,dev '],
  [
    `flux-gitops tenant --content "it's \\"two\\" words" --colour 'a b' --prof`,
    `flux-gitops tenant --content "it's \\"two\\" words" --colour 'a b' --profile `,
  ],
  [
    'flux-gitops tenant --content two\\ words st',
    'flux-gitops tenant --content two\\ words stage ',
  ],
  ['cd . && flux-gitops tenant st', 'cd . && flux-gitops tenant stage '],
  ['flux-gitops --into plain/b', 'flux-gitops --into plain/below/'],
  ['flux-gitops --into=plain/b', 'flux-gitops --into=plain/below/'],
  ['flux-gitops --into two', 'flux-gitops --into two\\ words/'],
  ['flux-gitops --into=two', 'flux-gitops --into=two\\ words/'],
  ['flux-gitops --into it', "flux-gitops --into it\\'s/"],
  [
    'flux-gitops --into "two w',
    {
      bash: 'flux-gitops --into "two words"/',
      zsh: 'flux-gitops --into "two words/',
      fish: 'flux-gitops --into "two words/',
    },
  ],
  // Nothing fits, and no file is offered.
  ['flux-gitops --zz', 'flux-gitops --zz'],
  ['flux-gitops tenant zz', 'flux-gitops tenant zz'],
  ['flux-gitops --branch pl', 'flux-gitops --branch pl'],
];

for (const shell of SHELLS)
  describe(`completion in ${shell}`, () => {
    let terminal: OnTerminal;
    const dump = join(folder, 'line');

    /** Types, presses Tab, and returns the command line. */
    async function lineAfter(typed: string, tabs = 1): Promise<string> {
      rmSync(dump, { force: true });
      terminal.forget();
      terminal.type(typed);
      terminal.type('\t'.repeat(tabs));
      terminal.type('\x0f');
      await terminal.until(
        () => existsSync(dump) && (typed === '' || readFileSync(dump).length > 0),
      );
      const line = readFileSync(dump, 'utf8').replace(/\n$/, '');
      return line;
    }

    before(async () => {
      terminal = onTerminal(START[shell], config, env);
      await terminal.until(() => terminal.screen().includes('$ '));
    });
    after(() => terminal?.kill());

    for (const [typed, expected] of COMPLETED)
      test(`${typed} + Tab`, async () => {
        const wanted = typeof expected === 'string' ? expected : expected[shell];
        assert.equal(await lineAfter(typed), wanted);
      });

    test('all that may follow is listed', async () => {
      await lineAfter('flux-gitops ', 2);
      const list = terminal.screen();
      for (const word of ['tenant', 'scenario-repo', 'help', 'completion'])
        assert.ok(list.includes(word), list);
      await lineAfter('flux-gitops tenant --profile ', 2);
      assert.match(terminal.screen(), /hardened\s+.*reference/s);
    });

    if (shell === 'bash')
      test('without = among the characters that separate words, as npm leaves it', async () => {
        const words = ['--profile=reference ', '--into=plain/', '--into=two\\ words/'];
        terminal.type('COMP_WORDBREAKS="$(tr -d = <<< "$COMP_WORDBREAKS")"\r');
        for (const word of words) {
          const typed = `flux-gitops tenant ${word.slice(0, 12)}`;
          assert.equal(await lineAfter(typed), `flux-gitops tenant ${word}`);
        }
      });

    test('answers fast', async () => {
      const started = performance.now();
      await lineAfter('flux-gitops tenant --prof');
      assert.ok(performance.now() - started < 3000);
    });
  });

test('each script is free of mistakes that its shell can find without running it', () => {
  for (const shell of SHELLS) {
    const script = join(folder, `script.${shell}`);
    const printed = spawnSync(join(bin, 'flux-gitops'), ['completion', shell], {
      encoding: 'utf8',
    });
    assert.equal(printed.status, 0, printed.stderr);
    writeFileSync(script, printed.stdout);
    const checked = spawnSync(shell, ['-n', script], { encoding: 'utf8' });
    assert.equal(checked.stderr + checked.stdout, '');
  }
});
