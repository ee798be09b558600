import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Authorizer,
  celValue,
  compile,
  isInvalid,
  regularExpression,
} from '../../../lib/verify/admission/cel.ts';

const evaluate = (text: string, context: { readonly [name: string]: unknown } = {}): unknown =>
  compile(text)(context);

test('the functions of Kubernetes that policies use', () => {
  const authorizer = new Authorizer(
    ({ verb, group, resource, name }) =>
      `${verb} ${group}/${resource}/${name}` === 'get apps/deployments/x',
  );
  const asks = (verb: string): unknown =>
    evaluate(
      `authorizer.group('apps').resource('deployments').name('x').check('${verb}').allowed()`,
      { authorizer },
    );
  assert.equal(asks('get'), true);
  assert.equal(asks('update'), false);
  assert.equal(evaluate('[1, 2, 3].sum()'), 6n);
  assert.equal(evaluate('[1, 3, 2].max() + [4, 2].min()'), 5n);
  assert.equal(evaluate("quantity('1Gi').isGreaterThan(quantity('1000Mi'))"), true);
  assert.equal(evaluate("quantity('500m').compareTo(quantity('0.5'))"), 0n);
  assert.equal(evaluate("isQuantity('1 Gi')"), false);
  assert.equal(evaluate("'a-b'.replace('-', '+')"), 'a+b');
  assert.equal(evaluate("duration('1h') <= duration('90m')"), true);
});

test('optMap and optFlatMap use the value of an optional, and only if it has one', () => {
  const a = { b: { c: 'x', n: 2n } };
  assert.equal(evaluate("a.?b.optMap(one, one.c + 'y').orValue('none')", { a }), 'xy');
  assert.equal(evaluate('a.?d.optMap(one, one.c).hasValue()', { a }), false);
  assert.equal(evaluate("a.?b.optFlatMap(one, one.?c).orValue('none')", { a }), 'x');
  assert.equal(evaluate("a.?b.optFlatMap(one, one.?d).orValue('none')", { a }), 'none');
  assert.equal(
    evaluate('[1, 2].filter(n, a.?b.optMap(one, one.n == n).orValue(false)) == [2]', { a }),
    true,
  );
  assert.throws(() => evaluate('a.?b.optMap(one, one.d).orValue(1)', { a }));
});

test('optional fields are compared by their values', () => {
  const a = { b: ['x'], c: ['x'], d: ['y'] };
  assert.equal(evaluate('a.?b == a.?c', { a }), true);
  assert.equal(evaluate('a.?b != a.?d', { a }), true);
  assert.equal(evaluate('a.?none == a.?nothing', { a }), true);
  assert.equal(evaluate('a.?b == a.?none', { a }), false);
});

test('a whole number of YAML is an integer, and null is not there', () => {
  const object = celValue({ a: 1, b: 1.5, c: null, d: [{ e: 2 }] });
  assert.deepEqual(object, { a: 1n, b: 1.5, d: [{ e: 2n }] });
  assert.equal(evaluate('object.a <= 3600 && !has(object.c)', { object }), true);
});

test('regular expressions of RE2', () => {
  const cases: readonly (readonly [pattern: string, text: string, matches: boolean])[] = [
    ['^[][A-Za-z0-9._~:@/-]+$', 'https://[::1]/a', true],
    ['^[^]a]+$', 'b]', false],
    ['[:@?]|//|^[/-]|(?i:^github[.]com)', 'GitHub.com/a', true],
    ['[:@?]|//|^[/-]|(?i:^github[.]com)', './base', false],
    ['(?i)^ABC$', 'abc', true],
    ['^(?P<name>a)$', 'a', true],
    ['^[[:alpha:]]+$', 'abc', true],
  ];
  for (const [pattern, text, expected] of cases)
    assert.equal(regularExpression(pattern).test(text), expected, `${pattern} ${text}`);
});

test('what is not valid is told from what is not known here', () => {
  const errorOf = (text: string): unknown => {
    try {
      evaluate(text, { object: {} });
      return undefined;
    } catch (error) {
      return error;
    }
  };
  assert.equal(isInvalid(errorOf('object.a <=')), true);
  const unknown = errorOf("url('https://example.com').getHost() == ''");
  assert.ok(unknown !== undefined);
  assert.equal(isInvalid(unknown), false);
  assert.equal(isInvalid(errorOf('object.a == 1')), false);
});
