import { describe, test } from 'node:test';
import type { Code } from '../../lib/verify/catalogue.ts';
import { goldenTree } from '../golden.ts';
import { assertCodes, onDisk } from './estate-tree.ts';
import { both, object, put, remove, swap, type Tree } from './mutations.ts';

/** Ways to break the estates of other cases than `default`. */
type Broken = {
  readonly name: string;
  readonly change: (tree: Tree) => void;
  readonly codes: readonly Code[];
};

const SYNC = 'flux-demo/dev/2_sync.yaml';
const LIST = 'flux-demo/kustomization.yaml';
const RECORD = 'flux-demo/.yo-rc.json';
const typo = (path: string): ((tree: Tree) => void) =>
  swap(path, 'replicas: 1', 'replicas: 1\n  typo: 1');
const withoutSecret = (path: string): ((tree: Tree) => void) =>
  swap(path, / {2}secretRef:\n {4}name: [a-z-]+\n/, '');
const source = (url: string): string =>
  object(
    'source.toolkit.fluxcd.io/v1',
    'GitRepository',
    'more',
    // This tenant may not use a kustomization.yaml, so its sources must leave it out.
    `spec:\n  interval: 1h\n  url: ${url}\n  ignore: |\n    kustomization.yaml\n    kustomization.yml\n    Kustomization\n`,
  );
const encrypted = (name: string): string =>
  `apiVersion: v1\nkind: Secret\nmetadata:\n  name: ${name}\n  namespace: fluxdemo-dev\nstringData:\n  identity: ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]\nsops:\n  mac: ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]\n  version: 3.13.2\n`;
/** Both sides of a conflict about a line. */
const CONFLICT = '<<<<<<< HEAD\n$&\n=======\n$&\n>>>>>>> other';

const CASES: { readonly [name: string]: readonly Broken[] } = {
  oci: [
    {
      name: 'Flux follows the artifact of another environment',
      change: swap(SYNC, 'flux-dev/dev\n', 'flux-dev/qa\n'),
      codes: ['source-url'],
    },
    {
      name: 'no workflow pushes the artifact',
      change: swap('flux-dev/.github/artifacts', /^main .*$/m, ''),
      codes: ['artifact-missing'],
    },
    {
      name: 'something else than the workflow of this package pushes the artifacts',
      change: remove('flux-dev/.github/artifacts'),
      codes: [],
    },
    {
      name: 'the artifact has another folder',
      change: swap('flux-dev/.github/artifacts', 'flux-dev/dev dev', 'flux-dev/dev qa'),
      codes: ['path-missing'],
    },
    {
      name: 'another branch pushes and signs the artifact',
      change: swap('flux-dev/.github/artifacts', /^main /m, 'next '),
      codes: ['signer-mismatch'],
    },
    {
      name: 'the workflow belongs to another repository',
      change: swap(SYNC, '(?i:Octo-Org/flux-dev)', '(?i:Octo-Org/other)'),
      codes: ['signer-mismatch'],
    },
    {
      name: 'Flux checks no signature',
      change: swap(SYNC, /^ {2}verify:\n(?: {3}.*\n)+/m, ''),
      codes: ['signature-unchecked'],
    },
    {
      name: 'Flux accepts the signature of anybody',
      change: swap(SYNC, /^ {4}matchOIDCIdentity:\n(?: {5}.*\n)+/m, ''),
      codes: ['signature-unchecked'],
    },
    {
      name: 'GitHub spells the owner in another way',
      change: swap(SYNC, '(?i:Octo-Org/flux-dev)', '(?i:octo-ORG/Flux-dev)'),
      codes: [],
    },
    {
      name: 'the app repo is not here',
      change: (tree) => {
        for (const path of [...tree.keys()])
          if (path.startsWith('flux-stage-prod/')) tree.delete(path);
      },
      codes: ['app-repo-missing'],
    },
    {
      name: 'the folder of the app repo is what is checked',
      change: typo('flux-dev/dev/app.yaml'),
      codes: ['field-unknown'],
    },
    {
      name: 'a .sourceignore outside of the artifact does nothing',
      change: both(typo('flux-dev/dev/app.yaml'), put('flux-dev/.sourceignore', 'app.yaml\n')),
      codes: ['field-unknown'],
    },
    {
      name: 'a .sourceignore in the artifact does something',
      change: both(typo('flux-dev/dev/app.yaml'), put('flux-dev/dev/.sourceignore', 'app.yaml\n')),
      codes: [],
    },
  ],
  'oci-private': [
    {
      name: 'another registry than that of GitHub may need no Secret',
      change: withoutSecret(SYNC),
      codes: [],
    },
    {
      name: 'Flux leaves the kustomization.yaml out of an artifact as well',
      change: put('flux-dev/dev/kustomization.yaml', 'resources: [app.yaml]\n'),
      codes: ['kustomization-left-out'],
    },
  ],
  private: [
    {
      name: 'the source names no Secret',
      change: withoutSecret(SYNC),
      codes: ['secret-reference-missing'],
    },
    {
      name: 'a tenant uses a repository of the owner over ssh',
      change: put('flux-dev/dev/more.yaml', source('ssh://git@ssh.github.com:443/octo-org/more')),
      codes: [],
    },
    {
      name: 'a tenant uses a repository of another owner over ssh',
      change: put('flux-dev/dev/more.yaml', source('ssh://git@ssh.github.com:443/other/more')),
      codes: ['policy-refused'],
    },
    {
      name: 'the Namespace does not name the owner over ssh',
      change: both(
        swap('flux-demo/dev/1_tenant.yaml', /^ {4}flux-gitops\/owner-ssh: .*\n/m, ''),
        put('flux-dev/dev/more.yaml', source('ssh://git@ssh.github.com:443/octo-org/more')),
      ),
      codes: ['policy-refused'],
    },
  ],
  leaving: [
    {
      name: 'nothing of an environment that is leaving is applied',
      change: put('flux-stage-prod/stage/app.yaml', '[unclosed'),
      codes: [],
    },
    {
      name: 'the others are still checked',
      change: typo('flux-stage-prod/prod/app.yaml'),
      codes: ['field-unknown'],
    },
    {
      name: 'the folder of the environment goes too early',
      change: remove('flux-stage-prod/stage/app.yaml'),
      codes: ['path-missing'],
    },
    {
      name: 'its files are no longer in the list',
      change: swap(LIST, '  - stage/2_sync.yaml\n', ''),
      codes: ['sync-list-incomplete'],
    },
    {
      name: 'the patches are lost',
      change: swap(LIST, / {2}# These environments are leaving[\s\S]*$/, ''),
      codes: ['departure-incomplete'],
    },
    {
      name: 'one of the patches is lost',
      change: swap(LIST, 'kind: Kustomization\n      namespace:', 'kind: Other\n      namespace:'),
      codes: ['departure-incomplete'],
    },
    {
      name: 'the record does not say that it leaves',
      change: swap(RECORD, '"leaving": true,', ''),
      codes: ['departure-unrecorded'],
    },
  ],
  sops: [
    {
      name: 'Flux decrypts the Secrets of the config repo',
      change: both(
        put('flux-demo/dev/3_credentials.sops.yaml', encrypted('git-flux-dev')),
        swap(LIST, '  - dev/2_sync.yaml\n', '$&  - dev/3_credentials.sops.yaml\n'),
      ),
      codes: [],
    },
    {
      name: 'an encrypted Secret is not in the list',
      change: put('flux-demo/dev/3_credentials.sops.yaml', encrypted('git-flux-dev')),
      codes: ['sync-list-incomplete'],
    },
    {
      name: 'an encrypted Secret has no valid name',
      change: both(
        put('flux-demo/dev/3_credentials.sops.yaml', encrypted('Git')),
        swap(LIST, '  - dev/2_sync.yaml\n', '$&  - dev/3_credentials.sops.yaml\n'),
      ),
      codes: ['name-invalid'],
    },
    {
      name: 'nothing decrypts an encrypted Secret in an app repo',
      change: put('flux-dev/dev/more.yaml', encrypted('more')),
      codes: ['secret-encrypted'],
    },
  ],
  'sync-config': [
    {
      name: 'nothing decrypts an encrypted Secret in the config repo',
      change: both(
        put('flux-demo/dev/3_more.yaml', encrypted('more')),
        swap(LIST, '  - dev/2_sync.yaml\n', '$&  - dev/3_more.yaml\n'),
      ),
      codes: ['secret-encrypted'],
    },
  ],
  default: [
    {
      name: 'kubectl applies an encrypted Secret in the config repo',
      change: put('flux-demo/dev/3_more.yaml', encrypted('more')),
      codes: ['field-refused'],
    },
    {
      name: 'git could not merge the record of the config repo',
      change: swap(RECORD, /^.*"visibility": .*$/m, CONFLICT),
      codes: ['conflict-markers'],
    },
    {
      name: 'git could not merge the record of an app repo',
      change: swap('flux-dev/.yo-rc.json', /^.*"visibility": .*$/m, CONFLICT),
      codes: ['conflict-markers'],
    },
    {
      name: 'the record has keys of a newer version',
      change: swap(
        RECORD,
        '"environments": {\n      "dev": {',
        '"other": [null],\n    "environments": {\n      "dev": {\n        "more": { "a": [1] }, "byHand": 7,',
      ),
      codes: [],
    },
    {
      name: 'a user wrote an environment by hand',
      change: both(
        swap(
          RECORD,
          '"environments": {\n      "dev": {',
          '"adopted": ["clusters"],\n    "environments": {\n      "dev": {\n        "byHand": ["tenants/dev.yaml"],',
        ),
        remove(SYNC),
        remove('flux-demo/dev/1_tenant.yaml'),
        put('flux-demo/tenants/dev.yaml', 'kind: Patch\n'),
        put('flux-demo/clusters/values.yaml', '{{ .Values.x }}\n'),
      ),
      codes: ['environment-not-checked'],
    },
  ],
};

for (const [of, broken] of Object.entries(CASES))
  describe(`the case ${of}, broken`, () => {
    const clean = goldenTree(of);
    const verifyTree = onDisk(clean);
    for (const { name, change, codes } of broken)
      test(name, async () => {
        const tree = new Map(clean);
        change(tree);
        const { findings } = await verifyTree(tree);
        assertCodes(findings, codes);
      });
  });
