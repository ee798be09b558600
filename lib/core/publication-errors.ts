import { UserError } from './errors.ts';
import type { PublishProblem } from './publication.ts';
import { REFUSALS, type Reason } from './publication-refusals.ts';

/** What a message is filled with: `{owner}`, `{host}` … */
export type Facts = Readonly<Record<string, string | undefined>>;

/** How far a run came before it failed, by full name (OWNER/NAME). */
export type Standing = {
  readonly created: readonly string[];
  readonly pushed: readonly string[];
  readonly missing: readonly string[];
  readonly command: string;
};

/** A refusal of GitHub, git or this tool while publishing; its message is ready to be shown. */
export class PublishError extends UserError {
  readonly reason: Reason;
  /** OWNER/NAME, when one repository is meant. */
  readonly repo: string | undefined;
  readonly facts: Facts;
  readonly summary: string;
  readonly hint: string;
  readonly standing: Standing | undefined;

  constructor(reason: Reason, facts: Facts = {}, cause?: unknown, standing?: Standing) {
    const summary = fill(REFUSALS[reason].message, facts);
    const hint = fill(REFUSALS[reason].hint, facts);
    super(compose(summary, hint, facts, standing), 1, cause);
    this.reason = reason;
    this.repo = facts.repo;
    this.facts = facts;
    this.summary = summary;
    this.hint = hint;
    this.standing = standing;
  }

  /** The same refusal, told with how far the run came. */
  after(standing: Standing): PublishError {
    return new PublishError(this.reason, this.facts, this.cause, standing);
  }
}

/** `error` as `--json` shows it. */
export function publishProblem(error: PublishError): PublishProblem {
  const { reason, summary, hint, repo, standing } = error;
  const about = repo === undefined ? {} : { repo };
  if (standing === undefined) return { code: reason, message: summary, hint, ...about };
  const { created, pushed } = standing;
  return { code: reason, message: summary, hint, ...about, created, pushed };
}

/** Several refusals of one run (several repositories that are taken, say) as one error. */
export function combine(errors: readonly PublishError[], standing?: Standing): PublishError {
  const [first, ...others] = errors;
  if (first === undefined) throw new Error('combine needs at least one error');
  if (others.length === 0) return standing === undefined ? first : first.after(standing);
  const texts = others.map((error) => `${error.summary}\n  ${error.hint}`);
  const also = [...new Set(texts)]
    .filter((text) => !text.startsWith(`${first.summary}\n`))
    .join('\n');
  return new PublishError(first.reason, { ...first.facts, also }, first.cause, standing);
}

function fill(template: string, facts: Facts): string {
  return template.replace(/\{(\w+)\}/g, (_, key: string) => facts[key] ?? '?').trim();
}

function compose(summary: string, hint: string, { repo, also }: Facts, standing?: Standing) {
  const named = repo === undefined || summary.includes(repo) ? summary : `${repo}: ${summary}`;
  const others = also ? [also] : [];
  const end = standing === undefined ? [] : describeStanding(standing);
  return [named, `  ${hint}`, ...others, ...end].join('\n');
}

function describeStanding({ created, pushed, missing, command }: Standing): string[] {
  const again = `  When that is done, run the same command again; it resumes: ${command}`;
  if (created.length + pushed.length === 0)
    return ['  Nothing was created or changed on GitHub.', again];
  return [
    ...(created.length > 0 ? [`  Created by this run: ${created.join(', ')}.`] : []),
    ...(pushed.length > 0 ? [`  Pushed by this run: ${pushed.join(', ')}.`] : []),
    ...(missing.length > 0 ? [`  Not done yet: ${missing.join(', ')}.`] : []),
    again,
  ];
}
