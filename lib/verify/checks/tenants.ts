import { folderOf, unknownSteps } from '../build/flux-source.ts';
import { isVariable, variablesOf } from '../build/substitute.ts';
import {
  about,
  aboutFile,
  at,
  type Estate,
  type Finding,
  listAt,
  type Manifest,
  objectAt,
  objectName,
  type Sync,
  type Tenant,
  textAt,
} from '../model.ts';
import { byHandIn } from '../read/by-hand.ts';
import { checkSource } from './sources.ts';

/** Whether the names, namespaces, accounts, bindings, labels, sources and paths of all tenants agree. */
export function checkTenants(estate: Estate): Finding[] {
  return [
    ...checkShared(estate),
    ...checkTwice(estate),
    ...estate.tenants.flatMap((tenant) =>
      [
        ...checkNamespace(tenant),
        ...checkComplete(estate, tenant),
        ...tenant.syncs.flatMap((sync) => checkSync(estate, tenant, sync)),
      ].map((finding) => ({
        ...finding,
        environment: tenant.environment.name,
        appRepo: tenant.environment.repo,
      })),
    ),
  ];
}

function checkShared({ tenants, files }: Estate): Finding[] {
  const owners = new Map<string, string>();
  return tenants.flatMap(({ environment, namespace, manifests }) => {
    const own = manifests.find(({ kind }) => kind === 'Namespace')?.name ?? namespace;
    const other = owners.get(own);
    owners.set(own, environment.name);
    if (other === undefined) return [];
    const message = `the environments ${other} and ${environment.name} have the namespace ${own}`;
    const path = `${environment.name}/1_tenant.yaml`;
    return [
      {
        ...aboutFile('namespace-shared', files.config?.name ?? '', path, message),
        environment: environment.name,
      },
    ];
  });
}

function checkTwice({ config, files, tenants }: Estate): Finding[] {
  const seen = new Map<string, Manifest>();
  // A repository that was adopted may have folders for several clusters.
  const folders = new Set(['policies', ...tenants.map(({ environment }) => environment.name)]);
  const isAdopted = byHandIn(files).environments.size > 0;
  const all = config.filter(({ path }) => !isAdopted || folders.has(path.split('/')[0] ?? ''));
  return all.flatMap((manifest) => {
    const id = `${manifest.apiVersion}|${objectName(manifest)}`;
    const other = seen.get(id);
    seen.set(id, manifest);
    if (other === undefined) return [];
    return [
      about(
        'object-twice-in-config',
        manifest,
        `${other.path}, line ${other.line}, describes the same object`,
      ),
    ];
  });
}

/** Whether a file that exists lacks the object that everything of the environment depends on. */
function checkComplete(
  { files, config }: Estate,
  { environment, namespace, syncs }: Tenant,
): Finding[] {
  const missing = (file: string, kind: string): Finding[] => {
    const path = `${environment.name}/${file}`;
    if (files.config === undefined || !files.config.files.has(path)) return [];
    const message = `${path} has no ${kind}`;
    return [aboutFile('tenant-incomplete', files.config.name, path, message)];
  };
  const isThere = config.some(({ kind, name }) => kind === 'Namespace' && name === namespace);
  return [
    ...(isThere ? [] : missing('1_tenant.yaml', `Namespace ${namespace}`)),
    ...(syncs.length > 0 ? [] : missing('2_sync.yaml', 'Kustomization')),
  ];
}

const TENANT_LABEL = 'toolkit.fluxcd.io/tenant';

function checkNamespace({ environment, namespace, manifests }: Tenant): Finding[] {
  if (manifests.length === 0) return [];
  const findings: Finding[] = [];
  for (const manifest of manifests) {
    const place = manifest.kind === 'Namespace' ? manifest.name : manifest.namespace;
    if (place !== namespace)
      findings.push(
        about(
          'namespace-mismatch',
          manifest,
          `the namespace is ${place ?? 'missing'}, but the environment ${environment.name} has the namespace ${namespace}`,
          ['metadata', manifest.kind === 'Namespace' ? 'name' : 'namespace'],
        ),
      );
    const label = textAt(manifest.value, 'metadata', 'labels', TENANT_LABEL);
    if (label !== undefined && label !== namespace)
      findings.push(
        about(
          'label-mismatch',
          manifest,
          `the label ${TENANT_LABEL} is ${label}, but must be ${namespace}`,
          ['metadata', 'labels', TENANT_LABEL],
        ),
      );
  }
  findings.push(...checkLevels(manifests));
  if (environment.profile === 'hardened') findings.push(...checkHardened(manifests));
  return findings;
}

/** Pod Security refuses a Namespace with a level that does not exist. */
function checkLevels(manifests: readonly Manifest[]): Finding[] {
  const own = manifests.find(({ kind }) => kind === 'Namespace');
  if (own === undefined) return [];
  return ['enforce', 'warn', 'audit'].flatMap((mode) => {
    const field = ['metadata', 'labels', `pod-security.kubernetes.io/${mode}`];
    const level = textAt(own.value, ...field);
    if (level === undefined || /^(privileged|baseline|restricted)$/.test(level)) return [];
    const message = `${field.join('.')}: Invalid value: "${level}": must be one of privileged, baseline, restricted`;
    return [about('label-invalid', own, message, field)];
  });
}

function checkHardened(manifests: readonly Manifest[]): Finding[] {
  const own = manifests.find(({ kind }) => kind === 'Namespace');
  if (own === undefined) return [];
  const labels = at(own.value, 'metadata', 'labels');
  const field = ['metadata', 'labels'];
  return [
    ...(textAt(labels, 'toolkit.fluxcd.io/role') === 'tenant'
      ? []
      : [
          about(
            'label-missing',
            own,
            'the Namespace has no label toolkit.fluxcd.io/role: tenant',
            field,
          ),
        ]),
    ...(/^(baseline|restricted)$/.test(textAt(labels, 'pod-security.kubernetes.io/enforce') ?? '')
      ? []
      : [
          about(
            'pod-security-off',
            own,
            'the Namespace does not enforce baseline or restricted',
            field,
          ),
        ]),
    ...(manifests.some(
      ({ kind, value }) =>
        kind === 'ResourceQuota' && at(value, 'spec', 'hard', 'pods') !== undefined,
    )
      ? []
      : [about('quota-missing', own, 'the Namespace has no ResourceQuota for pods')]),
  ];
}

function checkSync(estate: Estate, tenant: Tenant, sync: Sync): Finding[] {
  return [
    ...checkAccount(tenant, sync),
    ...checkSource(estate, tenant, sync),
    ...unknownSteps(sync).map((step) => ({
      ...about('build-not-checked', sync.manifest, `${step} is not repeated here`, ['spec']),
      hint: buildHint(sync),
    })),
    ...checkVariables(tenant, sync),
    ...checkDependencies(estate, sync),
    ...checkRole(estate, tenant, sync),
  ];
}

/** Whether the Kustomizations that must be ready before `sync` are in the config repo. */
function checkDependencies({ config }: Estate, { manifest }: Sync): Finding[] {
  return listAt(manifest.value, 'spec', 'dependsOn').flatMap((one, n) => {
    const name = textAt(one, 'name') ?? '';
    const namespace = textAt(one, 'namespace') ?? manifest.namespace;
    const isThere = config.some(
      (other) =>
        other.kind === 'Kustomization' && other.name === name && other.namespace === namespace,
    );
    if (isThere) return [];
    const message = `dependency '${namespace}/${name}' not found: kustomizations.kustomize.toolkit.fluxcd.io "${name}" not found`;
    return [about('dependency-missing', manifest, message, ['spec', 'dependsOn', n])];
  });
}

/** The command with which the user's own flux builds `sync`, in the folder with the app repo. */
const buildHint = ({ name, path, appRepo, manifest }: Sync): string =>
  `Check the result on a cluster: flux build kustomization ${name} --namespace ${manifest.namespace} --path ${[appRepo, folderOf(path)].filter(Boolean).join('/')}`;

/** Whether the roles of the account are known here, so that its rights can be checked. */
function checkRole(
  { config }: Estate,
  { manifests }: Tenant,
  { manifest, account }: Sync,
): Finding[] {
  return bindingsOf(manifests, account ?? 'default', manifest.namespace ?? '').flatMap(
    (binding) => {
      const { kind, name } = objectAt(binding.value, 'roleRef');
      if (kind !== 'ClusterRole' || isKnownRole(config, name)) return [];
      const message = `clusterroles.rbac.authorization.k8s.io "${name}" is not in the config repo, so the rights of ${account} are not checked`;
      return [about('role-not-checked', binding, message, ['roleRef', 'name'])];
    },
  );
}

/** Whether the rules of the ClusterRole `name` are known: Kubernetes has it, or the config repo. */
export const isKnownRole = (config: readonly Manifest[], name: unknown): boolean =>
  /^(cluster-admin|admin|edit|view)$/.test(String(name)) ||
  config.some((one) => one.kind === 'ClusterRole' && one.name === name);

/** Whether the names of the variables are valid, and their values are known here. */
function checkVariables({ manifests }: Tenant, sync: Sync): Finding[] {
  const { values, missing } = variablesOf(sync, manifests);
  const field = ['spec', 'postBuild'];
  const invalid = [...values.keys()].filter((name) => !isVariable(name));
  return [
    ...missing.map((one) => {
      const message = `the ${one} of spec.postBuild.substituteFrom is not in this folder, so the objects with its variables are not checked`;
      const hint = buildHint(sync);
      return { ...about('build-not-checked', sync.manifest, message, field), hint };
    }),
    ...invalid.map((name) => {
      const message = `'${name}' var name is invalid, must match '^[_[:alpha:]][_[:alpha:][:digit:]]*$'`;
      return about('field-invalid', sync.manifest, message, field);
    }),
  ];
}

/** Whether the account of a sync exists and has rights in its namespace. */
export function checkAccount(
  { namespace, manifests }: Tenant,
  { manifest, account, targetNamespace }: Sync,
): Finding[] {
  if (targetNamespace !== undefined && targetNamespace !== namespace)
    return [
      about(
        'sync-namespace',
        manifest,
        `spec.targetNamespace is ${targetNamespace}: User "system:serviceaccount:${namespace}:${account ?? 'default'}" cannot patch resources in the namespace "${targetNamespace}"`,
        ['spec', 'targetNamespace'],
      ),
    ];
  if (account === undefined)
    return [about('sync-account', manifest, 'spec.serviceAccountName is missing', ['spec'])];
  const accounts = manifests.filter((one) => one.kind === 'ServiceAccount');
  if (!accounts.some((one) => one.name === account && one.namespace === manifest.namespace))
    return [
      about(
        'account-missing',
        manifest,
        `serviceaccounts "${account}" not found in the namespace ${manifest.namespace}`,
        ['spec', 'serviceAccountName'],
      ),
    ];
  const bound = bindingsOf(manifests, account, manifest.namespace ?? '');
  if (bound.some(({ value }) => textAt(value, 'roleRef', 'kind') === 'ClusterRole')) return [];
  return [
    about(
      'binding-missing',
      manifests.find(({ kind, name }) => kind === 'RoleBinding' && /reconciler$/.test(name)) ??
        manifest,
      `no RoleBinding binds a ClusterRole to the service account ${account} of the namespace ${manifest.namespace}`,
      ['subjects'],
    ),
  ];
}

/** The RoleBindings of `manifests` with the service account `account` of `namespace` among their subjects. */
export function bindingsOf(
  manifests: readonly Manifest[],
  account: string,
  namespace: string,
): Manifest[] {
  return manifests.filter(
    (one) =>
      one.kind === 'RoleBinding' &&
      one.namespace === namespace &&
      listAt(one.value, 'subjects').some(
        (subject) =>
          textAt(subject, 'kind') === 'ServiceAccount' &&
          textAt(subject, 'name') === account &&
          textAt(subject, 'namespace') === namespace,
      ),
  );
}
