import { isDeepStrictEqual } from 'node:util';
import { Environment, type Optional, ParseError } from '@marcbachmann/cel-js';
import { registerOptionalMaps } from './cel-optional.ts';
import { amountOf } from './quantity.ts';

/** A compiled expression: a value for a context, or an error when it cannot be evaluated. */
export type Expression = (context: { readonly [name: string]: unknown }) => unknown;

/** Who may do what, for `authorizer` in an expression. */
export type Allows = (request: {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}) => boolean;

/** `authorizer` of Kubernetes: a question that is put together step by step. */
export class Authorizer {
  readonly allows: Allows;
  constructor(allows: Allows) {
    this.allows = allows;
  }
}
type Asked = Parameters<Allows>[0];
class ResourceCheck {
  readonly allows: Allows;
  readonly asked: Asked;
  constructor(allows: Allows, asked: Asked) {
    this.allows = allows;
    this.asked = asked;
  }
  with(more: Partial<Asked>): ResourceCheck {
    return new ResourceCheck(this.allows, { ...this.asked, ...more });
  }
}
class Decision {
  readonly isAllowed: boolean;
  constructor(isAllowed: boolean) {
    this.isAllowed = isAllowed;
  }
}
class Quantity {
  readonly amount: number;
  constructor(amount: number) {
    this.amount = amount;
  }
}

const NOBODY: Asked = {
  ...{ verb: '', group: '', resource: '', subresource: '', namespace: '', name: '' },
};

/**
 * A regular expression of RE2, which CEL uses, as one of JavaScript. Throws a SyntaxError for what JavaScript does not
 * have.
 */
export function regularExpression(pattern: string): RegExp {
  const flat = pattern
    // RE2 reads a `]` at the start of a class as a character.
    .replace(/\[(\^?)\]/g, '[$1\\]')
    .replace(/\(\?P</g, '(?<')
    .replace(/\\z/g, '$')
    .replace(/\\A/g, '^')
    .replace(/\[:alpha:\]/g, 'A-Za-z')
    .replace(/\[:digit:\]/g, '0-9')
    .replace(/\[:alnum:\]/g, 'A-Za-z0-9');
  const whole = /^\(\?([is]+)\)/.exec(flat);
  if (whole) return new RegExp(flat.slice(whole[0].length), `u${whole[1]}`);
  // Node.js 22 does not know `(?i:...)`.
  const folded = flat.replace(/\(\?i:([^()]*)\)/g, (_, inner: string) => `(?:${foldCase(inner)})`);
  return new RegExp(folded, 'u');
}

/** `pattern` without groups, for letters of both cases. */
function foldCase(pattern: string): string {
  let inClass = false;
  return pattern.replace(/\\.|[[\]]|[A-Za-z]/g, (part) => {
    if (part === '[' || part === ']') inClass = part === '[';
    if (part.length > 1 || /[[\]]/.test(part)) return part;
    const both = part.toLowerCase() + part.toUpperCase();
    return inClass ? both : `[${both}]`;
  });
}

const EXPRESSIONS = new Map<string, RegExp>();

function matches(text: string, pattern: string): boolean {
  const known = EXPRESSIONS.get(pattern) ?? regularExpression(pattern);
  EXPRESSIONS.set(pattern, known);
  return known.test(text);
}

/** The language of ValidatingAdmissionPolicies: CEL with the functions that Kubernetes adds. */
function language(): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
    // The API server has its own limits.
    limits: { maxAstNodes: 100_000, maxListElements: 10_000, maxMapEntries: 10_000 },
  })
    .registerType('kubernetes.authorization.Authorizer', { ctor: Authorizer, fields: {} })
    .registerType('kubernetes.authorization.ResourceCheck', { ctor: ResourceCheck, fields: {} })
    .registerType('kubernetes.authorization.Decision', { ctor: Decision, fields: {} })
    .registerType('kubernetes.Quantity', { ctor: Quantity, fields: {} })
    .registerVariable('authorizer', 'kubernetes.authorization.Authorizer');
  registerAuthorizer(environment);
  registerQuantities(environment);
  registerLists(environment);
  registerOptionalMaps(environment);
  return environment
    .registerOperator('optional<dyn> == optional<dyn>', (a: Optional, b: Optional) =>
      a.hasValue() && b.hasValue()
        ? isDeepStrictEqual(a.value(), b.value())
        : a.hasValue() === b.hasValue(),
    )
    .registerFunction('string.matchesRe2(string): bool', matches)
    .registerFunction(
      'string.find(string): string',
      (text: string, pattern: string) => regularExpression(pattern).exec(text)?.[0] ?? '',
    )
    .registerFunction(
      'string.replace(string, string): string',
      (text: string, from: string, to: string) => text.replaceAll(from, to),
    )
    .registerFunction('string.charAt(int): string', (text: string, n: bigint) =>
      text.charAt(Number(n)),
    );
}

function registerAuthorizer(environment: Environment): void {
  const check = 'kubernetes.authorization.ResourceCheck';
  environment
    .registerFunction(
      `kubernetes.authorization.Authorizer.group(string): ${check}`,
      (one: Authorizer, group: string) => new ResourceCheck(one.allows, { ...NOBODY, group }),
    )
    .registerFunction(
      `${check}.resource(string): ${check}`,
      (one: ResourceCheck, resource: string) => one.with({ resource }),
    )
    .registerFunction(
      `${check}.subresource(string): ${check}`,
      (one: ResourceCheck, subresource: string) => one.with({ subresource }),
    )
    .registerFunction(
      `${check}.namespace(string): ${check}`,
      (one: ResourceCheck, namespace: string) => one.with({ namespace }),
    )
    .registerFunction(`${check}.name(string): ${check}`, (one: ResourceCheck, name: string) =>
      one.with({ name }),
    )
    .registerFunction(
      `${check}.check(string): kubernetes.authorization.Decision`,
      (one: ResourceCheck, verb: string) => new Decision(one.allows({ ...one.asked, verb })),
    )
    .registerFunction(
      'kubernetes.authorization.Decision.allowed(): bool',
      (one: Decision) => one.isAllowed,
    );
}

function registerQuantities(environment: Environment): void {
  const q = 'kubernetes.Quantity';
  const read = (text: string): Quantity => {
    const amount = amountOf(text);
    if (amount === undefined) throw new Error(`"${text}" is no quantity`);
    return new Quantity(amount);
  };
  environment
    .registerFunction(`quantity(string): ${q}`, read)
    .registerFunction('isQuantity(string): bool', (text: string) => amountOf(text) !== undefined)
    .registerFunction(
      `${q}.isGreaterThan(${q}): bool`,
      (a: Quantity, b: Quantity) => a.amount > b.amount,
    )
    .registerFunction(
      `${q}.isLessThan(${q}): bool`,
      (a: Quantity, b: Quantity) => a.amount < b.amount,
    )
    .registerFunction(`${q}.compareTo(${q}): int`, (a: Quantity, b: Quantity) =>
      BigInt(Math.sign(a.amount - b.amount)),
    )
    .registerFunction(
      `${q}.add(${q}): ${q}`,
      (a: Quantity, b: Quantity) => new Quantity(a.amount + b.amount),
    )
    .registerFunction(
      `${q}.sub(${q}): ${q}`,
      (a: Quantity, b: Quantity) => new Quantity(a.amount - b.amount),
    );
}

function registerLists(environment: Environment): void {
  const amounts = (list: unknown): (bigint | number)[] => {
    const all = [...(list as Iterable<bigint | number>)];
    return all.some((one) => typeof one === 'number') ? all.map(Number) : all;
  };
  const add = (a: bigint | number, b: bigint | number): bigint | number =>
    typeof a === 'bigint' && typeof b === 'bigint' ? a + b : Number(a) + Number(b);
  environment
    .registerFunction('list<dyn>.sum(): dyn', (list: unknown) => amounts(list).reduce(add, 0n))
    .registerFunction('list<dyn>.max(): dyn', (list: unknown) =>
      amounts(list).reduce((a, b) => (b > a ? b : a)),
    )
    .registerFunction('list<dyn>.min(): dyn', (list: unknown) =>
      amounts(list).reduce((a, b) => (b < a ? b : a)),
    );
}

let known: Environment | undefined;
const COMPILED = new Map<string, Expression>();

/** Whether `error` says that an expression is not valid CEL, in contrast to one that cannot be evaluated here. */
export const isInvalid = (error: unknown): boolean => error instanceof ParseError;

/** Compiles `text`; each expression once. Throws when it is not valid, or uses what this file does not know. */
export function compile(text: string): Expression {
  const found = COMPILED.get(text);
  if (found !== undefined) return found;
  known ??= language();
  const compiled = known.parse(
    text.replaceAll('.matches(', '.matchesRe2('),
  ) as unknown as Expression;
  COMPILED.set(text, compiled);
  return compiled;
}

/** What is wrong with the types in `text`, or a function that this file does not know; undefined if all is known. */
export function typeFault(text: string): string | undefined {
  known ??= language();
  const { error } = known.check(text.replaceAll('.matches(', '.matchesRe2('));
  return error?.message.split('\n')[0];
}

/** `value` of YAML as CEL takes it: whole numbers are integers. */
export function celValue(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(celValue);
  const copy: { [key: string]: unknown } = {};
  for (const key of Object.keys(value)) {
    const one = (value as { [key: string]: unknown })[key];
    // The API server drops null.
    if (one !== null) copy[key] = celValue(one);
  }
  return copy;
}
