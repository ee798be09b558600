import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { SignInRequest } from '../../lib/publish/sign-in.ts';
import type {
  PublicationRepo,
  PublishProblem,
  PublishRequest,
  PublishResult,
} from '../../lib/publish/state.ts';
import type { StandIn } from './stand-in.ts';

/** What a run of the driver came to. */
export type Outcome = {
  code: number | null;
  signal: NodeJS.Signals | null;
  results: PublishResult[];
  error: PublishProblem | undefined;
  /** What a person saw. */
  lines: string;
  /** All that the process printed. */
  printed: string;
};

/** Where a repository belongs; the request says it for all that do not say it themselves. */
type Whereabouts = Pick<PublicationRepo, 'githubUrl' | 'owner' | 'branches' | 'isNew'>;
export type EstateRepo = Omit<PublicationRepo, keyof Whereabouts> & Partial<Whereabouts>;

/** An estate in a new folder: two repositories, or more. */
export type Estate = { workspace: string; home: string; repos: EstateRepo[] };

/** What a test asks for. */
export type TestRequest = PublishRequest &
  Pick<SignInRequest, 'tokenStdin'> & { githubUrl: string; owner: string; branch: string };

/** What the driver reads. */
export type DriverInput = {
  request: PublishRequest;
  wanted: SignInRequest;
  repos: PublicationRepo[];
};

/** Writes an estate of an app repo and a config repo. */
export function makeEstate(names: readonly string[] = ['flux-dev', 'flux-demo']): Estate {
  const home = mkdtempSync(join(tmpdir(), 'estate-'));
  const workspace = join(home, 'work');
  const repos = names.map((name, index): EstateRepo => {
    const files = ['README.md', 'dev/app.yaml', '.yo-rc.json'];
    const repo = { name, folder: join(workspace, name), description: `The repo ${name}`, files };
    for (const file of files) writeIn(repo.folder, file, `# ${name} ${file}\n`);
    return { ...repo, role: index === names.length - 1 ? 'config' : 'scenario' };
  });
  return { workspace, home, repos };
}

/** Writes one file of an estate. */
export function writeIn(folder: string, file: string, contents: string): void {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
}

/** How a test runs the driver. */
export type Options = {
  request?: Partial<TestRequest>;
  env?: Record<string, string>;
  /** The token; the environment has none when it is ''. */
  token?: string;
  /** The length of a second in milliseconds. */
  second?: number;
  onStart?: (child: ChildProcess) => void;
};

/** The environment of a user who has nothing but PATH and an empty home. */
export function environment(
  estate: Estate,
  token: string,
  env: Record<string, string> = {},
): Record<string, string> {
  const tokens = token === '' ? {} : { GH_ENTERPRISE_TOKEN: token };
  return {
    PATH: process.env.PATH ?? '',
    HOME: estate.home,
    GIT_CONFIG_NOSYSTEM: '1',
    ...tokens,
    ...env,
  };
}

/** Publishes `estate` to the stand-in in a process of its own. */
export function runDriver(
  standIn: StandIn,
  estate: Estate,
  options: Options = {},
): Promise<Outcome> {
  const driver = new URL('driver.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [driver, String(options.second ?? 5)], {
    cwd: estate.workspace,
    env: environment(estate, options.token ?? standIn.access.token, options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  options.onStart?.(child);
  let [out, lines] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    lines += text;
  });
  child.stdin
    .on('error', () => undefined)
    .end(JSON.stringify(requestFor(standIn, estate, options.request)));
  return new Promise((done) => {
    child.on('close', (code, signal) => {
      const { results = [], error } = readJson(out);
      done({ code, signal, results, error, lines, printed: out + lines });
    });
  });
}

/** The request to publish `estate`. */
export function requestFor(
  standIn: StandIn,
  { workspace, repos }: Estate,
  more: Partial<TestRequest> = {},
): DriverInput {
  const { githubUrl = standIn.url, owner = 'octo', branch = 'main', tokenStdin, ...asked } = more;
  const request: PublishRequest = {
    visibility: 'public',
    template: false,
    topics: [],
    adoptEmpty: false,
    dryRun: false,
    command: 'flux-gitops --publish --owner octo',
    commandName: 'app',
    workspace,
    ...asked,
  };
  const placed = repos.map((repo): PublicationRepo => {
    const branches = [{ name: branch, environments: ['dev'] }];
    return { githubUrl, owner, branches, isNew: true, ...repo };
  });
  const { visibility } = request;
  return { request, wanted: { repos: placed, visibility, tokenStdin }, repos: placed };
}

function readJson(text: string): { results?: PublishResult[]; error?: PublishProblem } {
  const line = text.split('\n').findLast((one) => one.startsWith('{'));
  try {
    return JSON.parse(line ?? '{}') as { results?: PublishResult[]; error?: PublishProblem };
  } catch {
    return {}; // killed while it wrote
  }
}
