/** Attacks by references to other repositories, which kustomize has git fetch from the controller. */
import { type Attack, type Commit, core, manifests, of, type Tenant } from './attack.ts';
import { type Scheme, schemes } from './lines.ts';

const kustomize = 'kustomize.toolkit.fluxcd.io/v1';

/** The ends of a reference. How long git may take is for the author of the reference to say. */
const ends = { branch: '?ref=main', timeout: '?timeout=2m' } as const;

/** An address of the tenant's line, as a reference. */
const reference = (t: Tenant, end: keyof typeof ends): string => `${t.line}${ends[end]}`;

const other = (t: Tenant) => [core('ConfigMap', { name: 'other', namespace: t.namespace })];

/** A kustomization.yaml with the reference in one of its fields, beside a plain manifest. */
const kustomization =
  (field: string) =>
  (t: Tenant, to: string): Commit => ({
    'kustomization.yaml': JSON.stringify({ [field]: [to] }),
    'other.yaml': other(t),
  });

const nested = (t: Tenant, to: string): Commit => ({
  'kustomization.yaml': JSON.stringify({ resources: ['base'] }),
  'base/kustomization.yaml': JSON.stringify({ resources: [to] }),
  'other.yaml': other(t),
});

/** An own sync of a folder of plain manifests, with the reference among its components. */
const inner = (t: Tenant, to: string): Commit =>
  manifests(
    of(
      kustomize,
      'Kustomization',
      { name: 'mine', namespace: t.namespace },
      {
        interval: '20m0s',
        retryInterval: '30s',
        timeout: '1m',
        prune: true,
        path: './inner/made',
        components: [to],
        serviceAccountName: t.namespace,
        targetNamespace: t.namespace,
        sourceRef: { kind: 'GitRepository', name: t.repo },
      },
    ),
  );

type Place = { said: string; commit: (t: Tenant, to: string) => Commit };

/** Every field that may name a repository: all others of kustomize's fields take files only. */
const places: Readonly<Record<string, Place>> = {
  resources: { said: 'resources of a kustomization.yaml', commit: kustomization('resources') },
  bases: { said: 'bases of a kustomization.yaml', commit: kustomization('bases') },
  components: { said: 'components of a kustomization.yaml', commit: kustomization('components') },
  generators: { said: 'generators of a kustomization.yaml', commit: kustomization('generators') },
  transformers: {
    said: 'transformers of a kustomization.yaml',
    commit: kustomization('transformers'),
  },
  validators: { said: 'validators of a kustomization.yaml', commit: kustomization('validators') },
  nested: { said: 'a kustomization.yaml that another kustomization.yaml names', commit: nested },
  sync: { said: 'spec.components of a sync', commit: inner },
};

/** Flux knows most spellings of a repository in the components of a sync, but not all. */
const guards = (
  place: string,
  scheme: Scheme,
): Pick<Attack, 'open' | 'reference' | 'public' | 'private' | 'says'> =>
  place === 'sync'
    ? {
        ...(scheme !== 'scp' && { open: 'Flux itself' }),
        reference: scheme === 'scp' ? 'FluxInstance patch' : 'Flux itself',
        private: 'policy tenant-syncs',
        says: /Copy files of other repositories into your repository/,
      }
    : {
        reference: 'FluxInstance patch',
        public: 'FluxInstance patch',
        private: 'plain manifests',
      };

/** Every other one says how long git may take: each field and each scheme comes with both ends. */
const endOf = (place: string, scheme: Scheme): keyof typeof ends =>
  (Object.keys(places).indexOf(place) + schemes.indexOf(scheme)) % 2 === 0 ? 'branch' : 'timeout';

const dialled: NonNullable<Attack['harm']> = async (t, see) =>
  (await see(`dialled:${t.namespace}`)) === true;

const dialling: Attack[] = Object.entries(places).flatMap(([place, { said, commit }]) =>
  schemes.map(
    (scheme): Attack => ({
      name: `dial-${place}-${scheme}`,
      attempt: `make the controller connect to an address with ${said}: ${scheme}, \`${ends[endOf(place, scheme)]}\``,
      line: { scheme },
      commit: (t) => commit(t, reference(t, endOf(place, scheme))),
      harm: dialled,
      ...guards(place, scheme),
    }),
  ),
);

/** Every scheme in one field, and one scheme in the other places that lead to git in another way. */
const stalls: readonly (readonly [string, Scheme])[] = [
  ...schemes.map((scheme) => ['resources', scheme] as const),
  ['components', 'git'],
  ['nested', 'scp'],
  ['sync', 'scp'],
];

const stalling: Attack[] = stalls.map(([place, scheme]) => ({
  name: `stall-${place}-${scheme}`,
  attempt: `make the syncs of all others wait with ${places[place]?.said}: ${scheme}, \`${ends.timeout}\``,
  line: { scheme, held: true },
  commit: (t) => manifests(...other(t)),
  harm: dialled,
  stall: (t) => places[place]?.commit(t, reference(t, 'timeout')) ?? {},
  ...guards(place, scheme),
}));

export const referenceAttacks = [...dialling, ...stalling];
