import { checkFolder } from './disk/folders.ts';
import type { Workspace } from './disk/workspace.ts';
import { inputError, type Problem } from './errors.ts';
import { plannerOf } from './plan/commands.ts';
import type { Given } from './settings/arguments.ts';
import {
  type Answers,
  environmentsQuestion,
  openQuestions,
  type Question,
  reposWithoutEnvironments,
  type SettingQuestion,
  withAnswers,
  withEnvironments,
} from './settings/questions.ts';
import {
  GROUPS,
  type Group,
  isAction,
  type PlanningCommand,
  SETTINGS,
  VISIBILITIES,
} from './settings/settings.ts';
import type { Terminal } from './terminal.ts';

const INTRO: { readonly [command in PlanningCommand]?: string } = {
  app: 'This makes a config repo and app repos for Flux.',
  tenant: 'This adds environments to a config repo.',
  'scenario-repo': 'This makes an app repo with the demo app.',
  adopt: 'This writes .yo-rc.json for an estate and changes nothing else.',
  remove: 'This takes environments out of the estate.',
  rename: 'This gives an environment another name: a new environment, then a removal.',
};

/** What the run is about, in one line. */
function introOf({ command }: Given, { home }: Workspace): string {
  // A command that plans no files has no such dialogue.
  if (isAction(command)) return '';
  if (command !== 'app' || home?.record === undefined) return INTRO[command] ?? '';
  const names = home.record.environments.map(({ name }) => name);
  const shown = names.length > 5 ? `${names.length} environments` : names.join(', ');
  return `This changes the estate of ${home.name}: ${shown}.`;
}

const HOW = 'Press Enter for the default. Nothing is written yet.';

/**
 * Asks for everything that `given` leaves open: the questions of every run, whether to publish, and which other
 * settings the user wants to change. Returns `given` with the answers. Throws a UserError before the first question if
 * the input is wrong.
 */
export async function askOpen(
  given: Given,
  workspace: Workspace,
  terminal: Terminal,
): Promise<Given> {
  const planner = plannerOf(given.command);
  // Check the given input first, so that the user does not answer questions in vain.
  const isMissing = takesWords(given) && given.positionals.length === 0;
  const missing = isMissing ? ['arguments'] : [];
  // A rule about the owner waits for the question about the owner.
  if (mayNeedOwner(given, workspace)) missing.push('owner');
  const problems = planner(given, workspace).problems.filter(
    ({ settings = [] }) => !settings.some((one) => missing.includes(one)),
  );
  const unwritable: Problem[] = [];
  checkFolder(
    workspace.home ? workspace.folderOf(workspace.home.name) : workspace.parent,
    unwritable,
  );
  if (problems.length + unwritable.length > 0) throw inputError([...problems, ...unwritable]);
  // GitHub is asked while the person answers the first question.
  const login = mayNeedOwner(given, workspace) ? signedIn(given) : undefined;
  const first = openQuestions(given, workspace, planner, 'first');
  terminal.say([introOf(given, workspace), HOW, ''].join('\n'));
  const answered = await askEach(first, given, workspace, terminal, login);
  return askMore(await askPublish(answered, workspace, terminal), workspace, terminal);
}

const takesWords = ({ command }: Given): boolean =>
  command === 'tenant' || command === 'scenario-repo';

/** Whether the owner is asked for, and nothing is recorded that would be the default. */
const mayNeedOwner = ({ texts }: Given, { home }: Workspace): boolean =>
  texts.owner === undefined && home?.record === undefined;

async function signedIn({ texts }: Given): Promise<string | undefined> {
  const { signedInLogin } = await import('./publish/login.ts');
  return signedInLogin(texts.githubUrl?.[0] ?? SETTINGS.githubUrl.default);
}

/** Asks each of `questions` that the earlier answers leave open. */
async function askEach(
  questions: readonly SettingQuestion[],
  given: Given,
  workspace: Workspace,
  terminal: Terminal,
  login?: Promise<string | undefined>,
): Promise<Given> {
  let answers: Answers = {};
  for (const question of questions) {
    if (!question.when(answers)) continue;
    const known = question.name === 'owner' ? await login : undefined;
    let answer = await askOne(terminal, question, answers, known);
    if (question.name === 'scenario')
      for (const repo of reposWithoutEnvironments(answer)) {
        const fed = await askOne(terminal, environmentsQuestion(repo, answer), answers);
        answer = withEnvironments(answer, repo, fed);
      }
    answers = { ...answers, [question.name]: answer };
  }
  return withAnswers(given, answers, workspace);
}

/** The answer to `question`, or its default without an answer. */
async function askOne(
  terminal: Terminal,
  question: Question,
  answers: Answers,
  byDefault = question.byDefault(answers),
): Promise<string> {
  const asked: Question = {
    ...question,
    byDefault: () => byDefault,
    when: () => true,
    validate: (text) => question.validate(text, answers),
  };
  const { [question.name]: answer = byDefault } = await terminal.ask([asked]);
  return answer;
}

/** A question with choices that is about the run and not about a setting. */
const choiceQuestion = (
  name: string,
  message: string,
  choices: Question['choices'] & object,
): Question => ({
  name,
  message,
  choices,
  byDefault: () => choices[0]?.value ?? '',
  when: () => true,
  validate: () => true,
});

/** Asks whether to create and push the repositories, if there is a token for it. */
async function askPublish(given: Given, workspace: Workspace, terminal: Terminal): Promise<Given> {
  if (given.texts.publish !== undefined) return given;
  const { plan } = plannerOf(given.command)(given, workspace);
  const [repo] = plan?.repos ?? [];
  if (!plan || !repo) return given;
  const { tokenSource } = await import('./publish/publish.ts');
  const source = await tokenSource(repo.githubUrl);
  if (source === undefined) return given;
  const isOpen = given.texts.visibility === undefined && workspace.home?.record === undefined;
  const choices = (isOpen ? VISIBILITIES : [plan.visibility]).map((value) => ({
    value,
    text: `yes, ${value}`,
  }));
  const question = choiceQuestion(
    'publish',
    `Create and push the repositories on ${new URL(repo.githubUrl).host}? (token: ${source})`,
    [{ value: 'no', text: 'no' }, ...choices],
  );
  const answer = await askOne(terminal, question, {});
  if (answer === 'no') return given;
  const visibility = isOpen ? { visibility: [answer] } : {};
  return {
    ...given,
    texts: { ...given.texts, ...visibility, publish: ['yes'] },
    switches: { ...given.switches, publish: true },
  };
}

/** What a user can change in each group. */
const CHANGES: { readonly [group in Group]?: string } = {
  repositories: 'public or private, credentials, GitHub address, branch, how often Flux looks',
  isolation: 'names of the namespaces, profile and size of the tenants',
  cluster: 'type of the cluster',
  'demo app': 'the container and its page',
};

/** Asks for the settings of each group that the user wants to change. */
async function askMore(given: Given, workspace: Workspace, terminal: Terminal): Promise<Given> {
  const planner = plannerOf(given.command);
  const asked = new Set<string>();
  for (let complete = given; ; ) {
    const rest = openQuestions(complete, workspace, planner, 'rest').filter(
      ({ group }) => !asked.has(group),
    );
    const open = rest.filter(({ when }) => when({}));
    const groups = GROUPS.filter((group) => open.some((question) => question.group === group));
    if (groups.length === 0) return complete;
    const question = choiceQuestion('more', 'Change anything else?', [
      { value: 'no', text: 'no' },
      ...groups.map((value) => ({ value, text: `${value}: ${CHANGES[value] ?? ''}` })),
    ]);
    const group = await askOne(terminal, question, {});
    if (!groups.some((one) => one === group)) return complete;
    asked.add(group);
    const chosen = rest.filter((one) => one.group === group);
    complete = await askEach(chosen, complete, workspace, terminal);
  }
}
