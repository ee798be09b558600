import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { faultsOf } from './actionlint.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const files = (pattern: string): string[] => globSync(pattern, { cwd: ROOT }).sort();

/** What actionlint finds in each of `texts`. */
function lint(texts: readonly string[]): string[][] {
  const paths = texts.map((_, index) => `.github/workflows/${index}.yaml`);
  const faults = faultsOf(texts.map((text, index) => [paths[index] ?? '', text]));
  return paths.map((path) =>
    faults.filter(({ file }) => file === path).map(({ message }) => message),
  );
}

type Rights = { readonly [scope: string]: string };
type Workflow = {
  permissions: Rights;
  jobs: { [name: string]: { permissions?: Rights; 'timeout-minutes'?: number } };
};

describe('workflows', () => {
  const workflows = files('.github/workflows/*');
  test('there are two, and actionlint finds nothing in them', () => {
    assert.deepEqual(
      workflows.map((path) => basename(path)),
      ['ci.yaml', 'publish.yaml'],
    );
    assert.deepEqual(lint(workflows.map(read)), [[], []]);
  });

  test('actionlint finds what is broken', () => {
    const path = '.github/workflows/ci.yaml';
    const breaks: [string, string][] = [
      ['runs-on:', 'run-on:'],
      ['github.ref }}', 'github.reff }}'],
      ['contents: read', 'contents: reed'],
      ['timeout-minutes: 90', 'timeout-minutes: long'],
      ['branches: [main]', 'branch: [main]'],
    ];
    const texts = breaks.map(([from, to]) => read(path).replace(from, to));
    for (const [index, findings] of lint(texts).entries()) {
      assert.notEqual(texts[index], read(path), breaks[index]?.[0]);
      assert.notEqual(findings.length, 0, breaks[index]?.[1]);
    }
  });

  test('actions are pinned to commits, jobs have few rights and a time limit', () => {
    for (const path of workflows) {
      const uses = [...read(path).matchAll(/uses: (.*)$/gm)].map(([, action = '']) => action);
      assert.ok(uses.length > 0, path);
      for (const action of uses) assert.match(action, /@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, path);
      const { permissions, jobs }: Workflow = parse(read(path));
      assert.deepEqual(permissions, { contents: 'read' }, path);
      for (const [name, job] of Object.entries(jobs)) {
        assert.equal(typeof job['timeout-minutes'], 'number', name);
        const rights: Rights = job.permissions ?? permissions;
        const wanted =
          name === 'publish' ? { contents: 'read', 'id-token': 'write' } : { contents: 'read' };
        assert.deepEqual(rights, wanted, name);
      }
    }
  });

  test('the package is published after the tests, with provenance', () => {
    const { on, jobs } = parse(read('.github/workflows/publish.yaml'));
    assert.deepEqual(on, { push: { tags: ['v*'] } });
    const runs = (job: string): string[] =>
      jobs[job].steps.flatMap((step: { run?: string }) => step.run ?? []);
    assert.equal(runs('test')[0], 'node scripts/check-release.js "$GITHUB_REF_NAME"');
    assert.ok(runs('test').includes('bash .ci/run'));
    assert.equal(jobs.publish.needs, 'test');
    assert.equal(runs('publish').at(-1), 'npm publish --provenance --access public');
  });
});

test('a tag of another version is no release', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/check-release.js', 'v99.0.0'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  assert.equal(status, 1);
  assert.match(stderr, /The tag is "v99\.0\.0", but package\.json has the version /);
});

/** What docs.github.com says of issue forms, as far as the forms here use it. */
const text = { type: 'string', minLength: 1 };
const field = (attributes: object, required: readonly string[]) => ({
  type: 'object',
  required: ['type', 'attributes'],
  additionalProperties: false,
  properties: {
    type: text,
    id: { type: 'string', pattern: '^[A-Za-z0-9_-]+$' },
    attributes: { type: 'object', required, additionalProperties: false, properties: attributes },
    validations: {
      type: 'object',
      additionalProperties: false,
      properties: { required: { type: 'boolean' } },
    },
  },
});
const asked = { label: text, description: text };
const typed = { ...asked, placeholder: text, value: text };
const FIELDS = {
  markdown: field({ value: text }, ['value']),
  input: field(typed, ['label']),
  textarea: field({ ...typed, render: text }, ['label']),
  dropdown: field(
    {
      ...asked,
      multiple: { type: 'boolean' },
      options: { type: 'array', minItems: 1, uniqueItems: true, items: text },
    },
    ['label', 'options'],
  ),
};
const FORM = {
  type: 'object',
  required: ['name', 'description', 'body'],
  additionalProperties: false,
  properties: {
    name: text,
    description: text,
    title: text,
    labels: { type: 'array', items: text },
    assignees: { type: 'array', items: text },
    body: { type: 'array', minItems: 1 },
  },
};
const CHOOSER = {
  type: 'object',
  additionalProperties: false,
  properties: {
    blank_issues_enabled: { type: 'boolean' },
    contact_links: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'url', 'about'],
        additionalProperties: false,
        properties: { name: text, url: { type: 'string', pattern: '^https://' }, about: text },
      },
    },
  },
};

const ajv = new Ajv({ allErrors: true });

type Field = { type: keyof typeof FIELDS; id?: string; attributes: { label?: string } };

/** What GitHub would refuse in an issue form. */
function faults(form: { body?: Field[] }): string[] {
  const check = (schema: object, value: unknown, where: string): string[] =>
    ajv.validate(schema, value) ? [] : [`${where}: ${ajv.errorsText()}`];
  const body = form.body ?? [];
  const known = body.filter(({ type }) => type in FIELDS);
  const twice = (values: (string | undefined)[]): boolean => {
    const given = values.filter((value) => value !== undefined);
    return new Set(given).size < given.length;
  };
  return [
    ...check(FORM, form, 'form'),
    ...known.flatMap((one, index) => check(FIELDS[one.type], one, `field ${index}`)),
    ...body.filter(({ type }) => !(type in FIELDS)).map(({ type }) => `no type ${type}`),
    ...(body.every(({ type }) => type === 'markdown') ? ['no field to fill in'] : []),
    ...(twice(body.map(({ id }) => id)) ? ['an id is there twice'] : []),
    ...(twice(body.map(({ attributes }) => attributes?.label)) ? ['a label is there twice'] : []),
  ];
}

describe('issue forms', () => {
  test('GitHub would accept them', () => {
    const forms = files('.github/ISSUE_TEMPLATE/*').filter((path) => !path.includes('config.'));
    assert.deepEqual(
      forms.map((path) => basename(path)),
      ['bug.yaml', 'feature.yaml'],
    );
    for (const path of forms) assert.deepEqual(faults(parse(read(path))), [], path);
    assert.ok(ajv.validate(CHOOSER, parse(read('.github/ISSUE_TEMPLATE/config.yaml'))));
  });

  test('a broken form is found', () => {
    const form = read('.github/ISSUE_TEMPLATE/bug.yaml');
    for (const [from, to] of [
      ['description: The command', 'descripton: The command'],
      ['type: dropdown', 'type: dropdwn'],
      ['id: version', 'id: command'],
      ['label: Version', 'labl: Version'],
      ['required: true', 'required: maybe'],
    ] as const) {
      assert.ok(form.includes(from), from);
      assert.notDeepEqual(faults(parse(form.replace(from, to))), [], to);
    }
  });
});
