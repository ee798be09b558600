import { parseAllDocuments } from 'yaml';
import { yamlValue } from './yaml-leaves.ts';

/** An admission policy that a run adds or changes, and what the API server refuses because of that. */
export type PolicyChange = {
  /** The path of its file. */
  readonly file: string;
  readonly isNew: boolean;
  /**
   * What a new policy refuses, as its README says it. Of a changed policy: the messages of the checks that are new or
   * have other conditions than before; none if something else changed, such as the requests that it looks at.
   */
  readonly refuses: readonly string[];
};

type Check = { readonly expression: string; readonly message: string };
type Policy = { readonly checks: readonly Check[]; readonly rest: string };

/**
 * What changes for tenants when the text of the policies in `file` goes from `before` to `after`; undefined when
 * nothing does: comments and messages refuse nothing. `readme` is the text of the README of the policies.
 */
export function policyChange(
  file: string,
  before: string | undefined,
  after: string,
  readme: string,
): PolicyChange | undefined {
  const now = policiesIn(after);
  if (now.size === 0) return undefined;
  if (before === undefined) return { file, isNew: true, refuses: rowOf(file, readme) };
  const then = policiesIn(before);
  const known = new Set([...then.values()].flatMap(({ checks }) => checks.map(keyOf)));
  const added = [...now.values()].flatMap(({ checks }) =>
    checks.filter((check) => !known.has(keyOf(check))),
  );
  const isSame = [...now].every(([name, { rest }]) => then.get(name)?.rest === rest);
  if (added.length === 0 && isSame) return undefined;
  return { file, isNew: false, refuses: [...new Set(added.map(({ message }) => message))] };
}

const keyOf = ({ expression }: Check): string => expression.replace(/\s+/g, '');

/** The second cell of the row of `file` in the table of `readme`: what the file refuses. */
function rowOf(file: string, readme: string): string[] {
  const name = file.slice(file.lastIndexOf('/') + 1);
  const row = readme.split(/\r?\n/).find((line) => line.startsWith(`| \`${name}\` |`));
  const [, , refuses] = row?.split(/(?<!\\)\|/) ?? [];
  return refuses === undefined ? [] : [refuses.trim()];
}

/** The policies in `text` by name: their checks, and everything else that decides what they refuse. */
function policiesIn(text: string): Map<string, Policy> {
  const policies = new Map<string, Policy>();
  for (const document of parseAllDocuments(text)) {
    const found = yamlValue(document);
    if (!isRecord(found) || found.kind !== 'ValidatingAdmissionPolicy') continue;
    const { validations, ...rest } = isRecord(found.spec) ? found.spec : {};
    const checks = (Array.isArray(validations) ? validations : []).filter(isRecord).map(checkOf);
    const name = isRecord(found.metadata) ? String(found.metadata.name) : '';
    policies.set(name, { checks, rest: JSON.stringify(rest).replace(/\s+|\\n/g, '') });
  }
  return policies;
}

const checkOf = ({ expression, message, messageExpression }: Record<string, unknown>): Check => ({
  expression: String(expression),
  message: typeof message === 'string' ? message : readable(String(messageExpression ?? '')),
});

/** The values that messages name, as people write them. */
const VALUES = new Map([
  ['request.kind.kind', 'KIND'],
  ['request.namespace', 'NAMESPACE'],
  ['object.metadata.name', 'NAME'],
]);

/** A message that CEL puts together, with a word in place of each value. */
function readable(cel: string): string {
  const parts = cel.split(/('(?:[^'\\]|\\.)*')/);
  const texts = parts.map((part) => {
    if (part.startsWith("'")) return part.slice(1, -1).replace(/\\(.)/g, '$1');
    const value = part.replace(/^[\s+]+|[\s+]+$/g, '');
    return value === '' ? '' : (VALUES.get(value) ?? '…');
  });
  return texts.join('').replace(/\s+/g, ' ').trim();
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
