import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policyChange } from '../../lib/render/policy-changes.ts';

const FILE = 'policies/pods.yaml';
const README =
  '| file | refuses | what to do |\n| --- | --- | --- |\n| `pods.yaml` | Pods \\| jobs. | Ask. |\n';

const policy = (expression: string, message: string, match = 'pods'): string => `# A comment.
kind: ValidatingAdmissionPolicy
metadata:
  name: tenant-pods
spec:
  matchConstraints:
    resourceRules: [{ resources: [${match}] }]
  validations:
    - expression: >-
        ${expression}
      ${message}
`;

const MESSAGE = `messageExpression: >-
        'This ' + request.kind.kind + ' must stay in ' + request.namespace + '. Don\\'t move it.'`;
const BEFORE = policy('object.a', MESSAGE);

test('a new policy refuses what its row says', () => {
  assert.deepEqual(policyChange(FILE, undefined, BEFORE, README), {
    file: FILE,
    isNew: true,
    refuses: ['Pods \\| jobs.'],
  });
});

test('a changed check is named by its message', () => {
  const change = policyChange(FILE, BEFORE, policy('object.b', MESSAGE), README);
  assert.deepEqual(change?.refuses, ["This KIND must stay in NAMESPACE. Don't move it."]);
  assert.equal(change?.isNew, false);
});

test('another comment, message or line break refuses nothing', () => {
  const after = policy('object.a', 'message: Other words.').replace('A comment', 'Another');
  assert.equal(policyChange(FILE, BEFORE, after, README), undefined);
});

test('other requests are a change without a check', () => {
  const change = policyChange(FILE, BEFORE, policy('object.a', MESSAGE, 'jobs'), README);
  assert.deepEqual(change, { file: FILE, isNew: false, refuses: [] });
});

test('a file without policies, or one that nobody can parse, is no change', () => {
  assert.equal(policyChange(FILE, BEFORE, 'kind: ClusterRole\n', README), undefined);
  assert.equal(policyChange(FILE, BEFORE, 'kind: [\n', README), undefined);
});
