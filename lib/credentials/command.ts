/** The command `credentials`: how Flux gets what it needs to read private repositories. */

import { connectToChange } from '../cluster/context.ts';
import { connect, type Kubectl } from '../cluster/kubectl.ts';
import { withLock } from '../disk/lock.ts';
import type { Workspace } from '../disk/workspace.ts';
import { inputError, type Problem, quote } from '../errors.ts';
import { notInConfigRepo } from '../plan/outside.ts';
import { decrypts, type RepoRecord, recipientsOf } from '../plan/record.ts';
import { encryptedFileOf } from '../plan/values/layout.ts';
import { isOci } from '../plan/values/oci.ts';
import type { Action, Outcome, Prepared } from '../prepared.ts';
import type { Given } from '../settings/arguments.ts';
import { readSetting } from '../settings/resolve.ts';
import { flagOf, type SettingKey, settingsOf } from '../settings/settings.ts';
import { readPlaces, requirePlaces } from './cluster.ts';
import {
  checkFiles,
  type Delivery,
  placesWithFile,
  pushSteps,
  writeEncrypted,
} from './encrypted-files.ts';
import { formerRepositoryNotes } from './former.ts';
import { idleFlagNotes } from './idle-flags.ts';
import { type Issued, issueLive, issueNew } from './issue.ts';
import { listKeys, pruneKeys, revokeKeys } from './keys-on-github.ts';
import { checkFile, writeToFile, writeToPipe } from './output.ts';
import { rotate } from './rotate.ts';
import { changesBegin, expand, openContext, type RunContext } from './run-context.ts';
import { checkSops } from './sops.ts';
import {
  chosenSources,
  type KeyedSource,
  keyedSourcesOf,
  type Source,
  sourcesOf,
} from './sources.ts';

export const credentials: Action = { check, run };

/** Every problem of the flags, the environments and the folder. */
function check(given: Given, { home, folder, folderOf }: Workspace): Problem[] {
  const problems = flagProblems(given);
  const record = home?.record;
  if (record === undefined)
    return [...problems, notInConfigRepo(folder, 'flux-gitops credentials')];
  const sources = isAboutKeys(given) ? keyedSourcesOf(record) : sourcesOf(record);
  if (sources.length === 0) return [...problems, nothingPrivate(record)];
  const known = [...record.environments.map((one) => one.name), record.name];
  for (const word of given.positionals) {
    const chosen = chosenSources(sources, [word]);
    if (chosen.length === 0) problems.push(notPrivate(word, known, sources));
  }
  const chosen = chosenSources(sources, given.positionals);
  const encrypted = encryptionProblems(given, chosen, record, folderOf(record.name));
  return [...problems, ...inputProblems(given, chosen), ...encrypted];
}

/** Whether the run is about the deploy keys on GitHub, which stay there when Flux begins to read in another way. */
const isAboutKeys = ({ switches }: Given): boolean =>
  switches.listKeys === true || switches.revoke === true || switches.prune === true;

/** The flags of which a run can have only one. */
const MODES = ['rotate', 'listKeys', 'revoke', 'prune'] as const;
/** The flags that say where the Secrets go. */
const GOALS = ['live', 'secretFile', 'sops'] as const;

function flagProblems(given: Given): Problem[] {
  const { texts, switches } = given;
  const problems: Problem[] = [];
  for (const key of settingsOf('credentials'))
    for (const text of texts[key] ?? []) readSetting(key, text, problems);
  const isOn = (key: SettingKey): boolean =>
    switches[key] === true || (key === 'secretFile' && texts[key] !== undefined);
  const modes = MODES.filter(isOn);
  const goals = GOALS.filter(isOn);
  if (modes.length > 1) problems.push(together(modes, 'these flags do different things'));
  if (goals.length > 1) problems.push(together(goals, 'the Secrets go to one place'));
  const [mode] = modes;
  for (const goal of ['secretFile', 'sops'] as const)
    if (mode !== undefined && goals.includes(goal))
      problems.push(
        together([mode, goal], 'only a run that makes Secrets can write them to a file'),
      );
  if (switches.secretStdin && switches.apiTokenStdin)
    problems.push(
      together(['secretStdin', 'apiTokenStdin'], 'standard input can be only one of them'),
    );
  for (const key of ['rotate', 'prune'] as const)
    if (switches[key] && !switches.live) problems.push(needsLive(key));
  if (switches.revoke && given.positionals.length === 0)
    problems.push({
      given: '--revoke without an environment',
      rule: 'name the environments whose keys nobody needs any more',
      example: 'flux-gitops credentials qa --revoke',
      flag: 'the arguments',
      settings: ['arguments', 'revoke'],
    });
  const isPipe = modes.length === 0 && goals.length === 0;
  if (isPipe && switches.json)
    problems.push({
      given: '--json without --live or --file',
      rule: 'the JSON document has no private keys, so the Secrets must go elsewhere',
      example: '--json --live',
      flag: '--live or --file',
      settings: ['json', 'live', 'secretFile'],
    });
  if (isPipe && !switches.json && process.stdout.isTTY)
    problems.push({
      given: 'credentials with a terminal as standard output',
      rule: 'the terminal would show the private keys. Pipe them into kubectl, or choose another place',
      example: 'flux-gitops credentials | kubectl apply -f -',
      flag: '--live or --file, or a pipe',
      settings: ['live', 'secretFile'],
    });
  return problems;
}

function together(keys: readonly SettingKey[], rule: string): Problem {
  const flags = keys.map(flagOf);
  return {
    given: flags.join(' and '),
    rule: `${rule}, so give one of them`,
    example: flags[0] ?? '',
    flag: flags.join(' or '),
    settings: keys,
  };
}

function needsLive(key: SettingKey): Problem {
  return {
    given: `${flagOf(key)} without --live`,
    rule: 'this flag is about the cluster, so it needs --live',
    example: `${flagOf(key)} --live`,
    flag: '--live',
    settings: [key, 'live'],
  };
}

function nothingPrivate({ name, estate, shared, environments }: RepoRecord): Problem {
  const isPrivate = estate.visibility === 'private';
  if (isPrivate && environments.length > 0 && environments.every(isOci))
    return {
      given: `the estate ${name} with --source oci`,
      rule: 'Flux pulls artifacts and reads no git repository, so it needs pull secrets for the registry: the section "The artifacts" of README.md makes them',
      example: 'flux-gitops --source git --visibility private',
      flag: '--source of flux-gitops',
      settings: ['source'],
    };
  return {
    given: `the estate ${name}${isPrivate ? ` with --credentials ${shared.credentials}` : ', whose repositories are public'}`,
    rule: 'Flux reads it without credentials of this command',
    example: 'flux-gitops --visibility private --credentials deploy-key',
    flag: '--visibility and --credentials of flux-gitops',
    settings: ['visibility', 'credentials'],
  };
}

function notPrivate(word: string, known: readonly string[], sources: readonly Source[]): Problem {
  const names = sources.flatMap(({ repo, places }) => places.map((one) => one.environment ?? repo));
  return {
    given: `argument ${quote(word)}`,
    rule: `${known.includes(word) ? 'Flux needs no credentials for it' : 'this estate has no such environment'}. Flux needs credentials for ${names.join(', ')}`,
    example: `flux-gitops credentials ${names[0]}`,
    flag: 'the arguments',
    settings: ['arguments'],
  };
}

/** What the kinds of credentials of `chosen` need, where the run makes Secrets. */
function inputProblems(given: Given, chosen: readonly Source[]): Problem[] {
  if (isAboutKeys(given)) return [];
  const { texts, switches } = given;
  const problems: Problem[] = [];
  const ofKind = (kind: Source['kind']): Source[] => chosen.filter((one) => one.kind === kind);
  const tokens = ofKind('token');
  const apps = ofKind('github-app');
  const isPiped = switches.secretStdin || process.env.FLUX_GIT_TOKEN !== undefined;
  if (tokens.length > 1 && isPiped)
    problems.push({
      given: `one token for ${tokens.map(({ repo }) => repo).join(' and ')}`,
      rule: 'each repository needs its own token, because a tenant can read the token in its namespace',
      example: `flux-gitops credentials ${tokens[0]?.places[0]?.environment ?? tokens[0]?.repo} --secret-stdin`,
      flag: 'the arguments',
      settings: ['arguments', 'secretStdin'],
    });
  if (apps.length > 0 && texts.appId === undefined)
    problems.push({
      given: `no --app-id for ${apps.map(({ repo }) => repo).join(' and ')}`,
      rule: 'Flux reads these repositories as a GitHub App, so give the ID of the App',
      example: '--app-id 123456',
      flag: '--app-id',
      settings: ['appId'],
    });
  if (apps.length > 0 && (texts.privateKey === undefined) === (switches.secretStdin !== true))
    problems.push({
      given: texts.privateKey
        ? '--private-key and --secret-stdin'
        : 'no private key of the GitHub App',
      rule: 'give the private key in a file or on standard input',
      example: '--private-key ~/app.pem',
      flag: '--private-key or --secret-stdin',
      settings: ['privateKey', 'secretStdin'],
    });
  if (apps.length > 0 && tokens.length > 0 && switches.secretStdin)
    problems.push({
      given: '--secret-stdin for a token and a GitHub App',
      rule: 'standard input can be only one of them. Name the environments of one kind',
      example: `flux-gitops credentials ${tokens[0]?.places[0]?.environment ?? tokens[0]?.repo} --secret-stdin`,
      flag: 'the arguments',
      settings: ['arguments', 'secretStdin'],
    });
  return problems;
}

/** What speaks against encrypted Secrets in the config repo at `folder`, and against Secrets that they would replace. */
function encryptionProblems(
  given: Given,
  chosen: readonly Source[],
  record: RepoRecord,
  folder: string,
): Problem[] {
  if (isAboutKeys(given)) return [];
  const { switches, positionals } = given;
  const problems: Problem[] = [];
  const places = switches.sops ? [] : placesWithFile(chosen, folder);
  if (places.length > 0) {
    const names = places.flatMap(({ environment }) => environment ?? []);
    problems.push({
      given: `the Secret of ${names.join(', ')} without --sops`,
      rule: `the config repo has ${names.map(encryptedFileOf).join(', ')}, and Flux would put the Secret in it back`,
      example: decrypts(record)
        ? `flux-gitops credentials ${names.join(' ')} --sops`
        : `git rm ${names.map(encryptedFileOf).join(' ')}`,
      flag: '--sops',
      settings: ['arguments', 'sops'],
    });
  }
  if (!switches.sops) return problems;
  if (!decrypts(record))
    problems.push({
      given: '--sops in an estate without a recipient',
      rule: 'Flux must follow the config repo and decrypt it, and the estate must say for whom sops encrypts',
      example: 'flux-gitops --sync-config --sops-age age1...',
      flag: '--sops-age of flux-gitops',
      settings: ['sops', 'sopsAge', 'syncConfig'],
    });
  if (positionals.includes(record.name) || !chosen.some(isOfEnvironment))
    problems.push({
      given: `--sops for the config repo ${record.name}`,
      rule: 'Flux needs this Secret before it can read the file that would contain it',
      example: `flux-gitops credentials ${record.name} | kubectl apply -f -`,
      flag: 'the arguments',
      settings: ['arguments', 'sops'],
    });
  return problems;
}

/** Whether `source` feeds an environment. The other one is the config repo itself. */
const isOfEnvironment = ({ places }: Source): boolean =>
  places.some(({ environment }) => environment !== undefined);

/** Does what the flags say. Throws a UserError when it refuses. */
async function run(prepared: Prepared): Promise<Outcome> {
  const { given, terminal, open } = prepared;
  const { switches } = given;
  const workspace = open();
  const problems = check(given, workspace);
  const record = workspace.home?.record;
  if (record === undefined || problems.length > 0) throw inputError(problems);
  const about = isAboutKeys(given);
  const keys = chosenSources(about ? keyedSourcesOf(record) : [], given.positionals);
  const sources = about ? keys : chosenSources(sourcesOf(record), given.positionals);
  const context = openContext(prepared, record, workspace.folderOf(record.name), sources);
  for (const note of idleFlagNotes(given, sources)) context.say(`! ${note}`);
  // A key that a cluster must keep may not be changed by two runs at once.
  const alone = (work: () => Promise<Outcome>): Promise<Outcome> =>
    withLock(workspace.lockFolders, terminal.say, work, PATIENCE);
  if ((switches.listKeys || switches.prune) && given.positionals.length === 0)
    for (const note of formerRepositoryNotes(record, context.folder)) context.say(`! ${note}`);
  if (switches.listKeys)
    return listKeys(
      keys,
      switches.live ? await connect(given.texts.context?.[0]) : undefined,
      context,
    );
  if (switches.revoke) return alone(() => revoke(keys, context));
  if (switches.prune) return alone(() => prune(keys, context));
  if (switches.rotate) return alone(() => rotateAll(sources, context));
  if (switches.live) return alone(() => issueAllLive(sources, context));
  if (switches.sops) return alone(() => issueEncrypted(sources, context));
  return issueAll(sources, context);
}

const PATIENCE = { minutes: 10, consequence: 'Nothing was changed.' };

const namesOf = (sources: readonly Source[]): string =>
  sources
    .flatMap(({ repo, places }) => places.map(({ environment }) => environment ?? repo))
    .join(', ');

/** kubectl, after the user agreed to `purpose`. */
function connectFor(purpose: string, { prepared, folder }: RunContext): Promise<Kubectl> {
  const { given, asks, terminal } = prepared;
  return connectToChange({ folder, context: given.texts.context?.[0], purpose, asks }, terminal);
}

async function revoke(sources: readonly KeyedSource[], context: RunContext): Promise<Outcome> {
  const { prepared } = context;
  const words = prepared.given.positionals;
  const question = `Remove the deploy keys of ${words.join(', ')} from GitHub?`;
  if (prepared.asks && !(await prepared.terminal.confirm(question, true))) return stop();
  return revokeKeys(sources, words, context);
}

async function stop(): Promise<never> {
  const { cancel } = await import('../cancel.ts');
  return cancel();
}

async function prune(sources: readonly KeyedSource[], context: RunContext): Promise<Outcome> {
  const purpose = `remove the deploy keys of ${context.title} from GitHub that no Secret of this cluster has`;
  return pruneKeys(sources, await connectFor(purpose, context), context);
}

async function rotateAll(sources: readonly Source[], context: RunContext): Promise<Outcome> {
  const kubectl = await connectFor(`replace the credentials of ${namesOf(sources)}`, context);
  for (const source of sources) requirePlaces(source, await readPlaces(kubectl, source));
  changesBegin();
  const repositories: object[] = [];
  for (const source of sources) {
    const { repo, kind } = source;
    // Only a deploy key can be made here. Another kind was given, and replaces the one before.
    if (kind !== 'deploy-key') repositories.push(await issueLive(source, kubectl, context));
    else {
      const rotated = await rotate(source, kubectl, context);
      context.say(`= ${repo} has the key ${rotated.fingerprint}`);
      repositories.push({ repo, credentials: kind, ...rotated });
    }
  }
  return { text: '', json: { context: kubectl.context, repositories }, exitCode: 0 };
}

async function issueAllLive(sources: readonly Source[], context: RunContext): Promise<Outcome> {
  const kubectl = await connectFor(`write the Secrets of ${namesOf(sources)}`, context);
  for (const source of sources) requirePlaces(source, await readPlaces(kubectl, source));
  const repositories: Issued[] = [];
  for (const source of sources) {
    const issued = await issueLive(source, kubectl, context);
    const places = issued.secrets.map(({ namespace, name }) => `${namespace}/${name}`).join(', ');
    context.say(issued.changed ? `+ wrote ${places}` : `= ${places}: nothing to do`);
    repositories.push(issued);
  }
  return { text: '', json: { context: kubectl.context, repositories }, exitCode: 0 };
}

/** Makes new Secrets for stdout or a file. All of them come before the first is written. */
async function issueAll(sources: readonly Source[], context: RunContext): Promise<Outcome> {
  const { texts, switches } = context.prepared.given;
  const overwrite = switches.overwrite === true;
  const [file] = texts.secretFile ?? [];
  const path = file === undefined ? undefined : checkFile(expand(file), overwrite);
  const repositories: Issued[] = [];
  const secrets: object[] = [];
  for (const source of sources) {
    const { issued, secrets: more } = await issueNew(source, context);
    repositories.push(issued);
    secrets.push(...more);
  }
  if (path === undefined) await writeToPipe(secrets);
  else {
    writeToFile(path, secrets, overwrite);
    context.say(`+ wrote ${path}. Apply it with kubectl apply -f, then delete it.`);
  }
  return { text: '', json: { file: path, repositories }, exitCode: 0 };
}

/** Makes new Secrets and writes them into the config repo, encrypted. */
async function issueEncrypted(sources: readonly Source[], context: RunContext): Promise<Outcome> {
  const { record, folder, say } = context;
  const own = sources.filter(isOfEnvironment);
  checkFiles(
    own.flatMap(({ places }) => places),
    folder,
  );
  await checkSops(recipientsOf(record));
  const repositories: Issued[] = [];
  const deliveries: Delivery[] = [];
  for (const source of own) {
    const { issued, secrets } = await issueNew(source, context);
    repositories.push(issued);
    const { fingerprint } = issued;
    for (const [n, secret] of secrets.entries())
      deliveries.push({
        environment: source.places[n]?.environment ?? '',
        secret,
        fingerprint,
      });
  }
  const files = await writeEncrypted(deliveries, context);
  if (own.length < sources.length)
    say(
      `! Flux needs the Secret of ${record.name} before it can decrypt. Hand it over: flux-gitops credentials ${record.name} | kubectl apply -f -`,
    );
  say(pushSteps(files, context));
  return { text: '', json: { files, repositories }, exitCode: 0 };
}
