import { namespaceOf } from '../plan/estate.ts';
import { decrypts } from '../plan/record.ts';
import { appFolderOf } from '../plan/values/layout.ts';
import { artifactOf, isOci } from '../plan/values/oci.ts';
import { isConfined } from '../plan/values/values.ts';
import { checkAdmission, type Policy, platformObject, policiesOf } from './admission/policies.ts';
import { type Rights, rightsOf, userName } from './admission/rights.ts';
import { kindOf, type RoleRule, type Schemas } from './admission/schema.ts';
import { buildPlain, withCommon } from './build/flux-build.ts';
import {
  artifactOfSync,
  contentOf,
  folderOf,
  ignoreOf,
  KUSTOMIZATION_FIELDS,
  KUSTOMIZATION_FILES,
  keptPaths,
  rootKustomization,
  type Selection,
  select,
} from './build/flux-source.ts';
import { substituted, variablesOf } from './build/substitute.ts';
import { type Code, entryOf } from './catalogue.ts';
import { checkPodAccounts } from './checks/accounts.ts';
import { checkImages, checkInstall, checkSecret } from './checks/advice.ts';
import { checkDepartures } from './checks/departures.ts';
import { checkEncrypted } from './checks/encrypted.ts';
import { checkFiles } from './checks/files.ts';
import { type Applier, checkKind, checkObject } from './checks/objects.ts';
import { checkPodSecurity } from './checks/pods.ts';
import { checkQuota } from './checks/quota.ts';
import { checkRights } from './checks/rights.ts';
import { checkAccount, checkTenants } from './checks/tenants.ts';
import {
  about,
  aboutFile,
  at,
  type Estate,
  type EstateFiles,
  type Finding,
  listAt,
  type Manifest,
  objectAt,
  type RepoFiles,
  type Sync,
  type Tenant,
  textAt,
} from './model.ts';
import { openEstate, type Parser, parserOf } from './read/estate.ts';
import { readYaml } from './read/parse.ts';

/** The schemas, and the rules of the ClusterRole `admin`. */
export type Knowledge = { readonly schemas: Schemas; readonly admin: readonly RoleRule[] };

/** A sync that only kustomize can build: these resources of the app repo. */
export type Wanted = {
  readonly tenant: Tenant;
  readonly sync: Sync;
  readonly app: RepoFiles;
  readonly kept: ReadonlySet<string>;
  readonly resources: readonly string[];
};

/** What kustomize said: objects, with the file that each came from; an error; or nothing, because it is not installed. */
export type Built =
  | {
      readonly objects: readonly {
        readonly value: Manifest;
        readonly origin: string | undefined;
      }[];
    }
  | { readonly error: string }
  | undefined;

/** An estate, read and parsed, before kustomize has built what it must. */
export type Prepared = {
  readonly estate: Estate;
  readonly knowledge: Knowledge;
  readonly parse: Parser & { readonly count: () => number };
  readonly findings: readonly Finding[];
  readonly plain: ReadonlyMap<Sync, readonly Manifest[]>;
  readonly wanted: readonly Wanted[];
};

/** Reads `files`, checks everything that needs no build, and says what kustomize must build. */
export function prepare(files: EstateFiles, knowledge: Knowledge): Prepared {
  // In an estate that the cluster follows, Flux applies the config repo as well.
  const applier = files.config?.record?.estate.syncConfig === 'yes' ? 'flux' : 'kubectl';
  const parse = parserOf(applier === 'kubectl' ? files.config : undefined);
  const opened = openEstate(files, parse);
  const estate = files.config === undefined ? lone(files) : opened.estate;
  const schemas = withCustomKinds(knowledge.schemas, estate.config);
  const isDecrypted = decrypts({ estate: files.config?.record?.estate ?? {} });
  const findings = [
    ...opened.findings,
    ...checkFiles(files, parse),
    ...checkDepartures(files, parse),
    ...(files.config === undefined ? [] : checkTenants(estate)),
    ...checkInstall(files.config),
    ...estate.config.flatMap((manifest) =>
      checkEncrypted(manifest, applier, isDecrypted, (one) => checkManifest(one, schemas, applier)),
    ),
  ];
  const plain = new Map<Sync, readonly Manifest[]>();
  const wanted: Wanted[] = [];
  const kept = new Map<string, ReadonlySet<string>>();
  for (const tenant of estate.tenants)
    for (const sync of tenant.syncs) {
      const repo = files.apps.get(sync.appRepo);
      // Of an environment that is leaving, Flux applies nothing any more.
      if (repo === undefined || tenant.environment.leaving) continue;
      const app = contentOf(repo, sync);
      const spec = ignoreOf(sync);
      const key = [app.name, artifactOfSync(sync), spec].join('\n');
      const paths = kept.get(key) ?? keptPaths(app, spec);
      kept.set(key, paths);
      const selection = select(app, paths, sync.path, spec);
      findings.push(...linksOf(app, sync).map((finding) => ofTenant(finding, tenant)));
      const common = { tenant, sync, app, kept: paths };
      if (selection.way === 'kustomize') wanted.push({ ...common, resources: selection.resources });
      else if (selection.way === 'plain' && needsKustomize(sync))
        wanted.push({ ...common, resources: selection.files });
      else
        plain.set(sync, plainObjects({ tenant, sync, app, selection, parse, schemas }, findings));
    }
  return { estate, knowledge: { ...knowledge, schemas }, parse, findings, plain, wanted };
}

/** The manifests that Flux does not get, because they are symbolic links. */
const linksOf = (app: RepoFiles, sync: Sync): Finding[] => {
  const folder = folderOf(sync.path);
  return [...(app.links ?? [])].flatMap((path) => {
    const isIn = folder === '' || path.startsWith(`${folder}/`);
    if (!isIn || !/\.ya?ml$/.test(path)) return [];
    return [aboutFile('link-left-out', app.name, path, `${path} is a symbolic link`)];
  });
};

/** Whether the sync changes names or images, which only kustomize does as Flux does it. */
const needsKustomize = ({ manifest }: Sync): boolean =>
  ['images', 'namePrefix', 'nameSuffix'].some(
    (key) => at(manifest.value, 'spec', key) !== undefined,
  );

/** An app repo without its config repo: the tenants that its record knows, without their limits. */
function lone(files: EstateFiles): Estate {
  const tenants = files.environments.map((environment): Tenant => {
    const namespace = namespaceOf(environment);
    const path = environment.path ?? `./${appFolderOf(environment)}`;
    const ignore = isConfined(environment)
      ? 'kustomization.yaml\nkustomization.yml\nKustomization'
      : undefined;
    const manifest = (kind: string, spec: object): Manifest => ({
      ...{ repo: environment.repo, path: '.yo-rc.json', line: 1, start: 1, text: '' },
      ...{ kind, apiVersion: '', name: environment.repo, namespace, value: { spec } },
    });
    const source = isOci(environment)
      ? manifest('OCIRepository', { ignore, url: artifactOf(environment) })
      : manifest('GitRepository', { ignore });
    const sync: Sync = {
      ...{ manifest: manifest('Kustomization', {}), source },
      ...{ name: environment.repo, path, appRepo: environment.repo, account: namespace },
      targetNamespace: namespace,
    };
    return { environment, namespace, manifests: [], syncs: [sync] };
  });
  return { files, config: [], tenants };
}

/** `schemas` with the kinds of the CustomResourceDefinitions of the config repo. */
function withCustomKinds(schemas: Schemas, config: readonly Manifest[]): Schemas {
  const crds = config.filter(({ kind }) => kind === 'CustomResourceDefinition');
  if (crds.length === 0) return schemas;
  const kinds = { ...schemas.kinds };
  for (const { value } of crds)
    for (const version of listAt(value, 'spec', 'versions')) {
      const kind = textAt(value, 'spec', 'names', 'kind');
      const key = `${textAt(value, 'spec', 'group')}/${textAt(version, 'name')}/${kind}`;
      kinds[key] = {
        resource: textAt(value, 'spec', 'names', 'plural') ?? '',
        namespaced: textAt(value, 'spec', 'scope') === 'Namespaced',
        schema: '*',
      };
    }
  return { ...schemas, kinds };
}

/** The fields of one manifest, which `applier` applies. */
function checkManifest(manifest: Manifest, schemas: Schemas, applier: Applier): Finding[] {
  const known = kindOf(schemas, manifest.apiVersion, manifest.kind);
  if (known === undefined) {
    const finding = checkKind(manifest, schemas);
    return finding === undefined ? [] : [finding];
  }
  return checkObject(manifest, known, schemas, applier);
}

type PlainBuild = {
  readonly tenant: Tenant;
  readonly sync: Sync;
  readonly app: RepoFiles;
  readonly selection: Exclude<Selection, { way: 'kustomize' }>;
  readonly parse: Parser;
  readonly schemas: Schemas;
};

function plainObjects(
  { tenant, sync, app, selection, parse, schemas }: PlainBuild,
  findings: Finding[],
): readonly Manifest[] {
  if (selection.way === 'missing') return [];
  const found: Finding[] = [];
  if (selection.leftOut !== undefined)
    found.push(
      aboutFile(
        'kustomization-left-out',
        app.name,
        selection.leftOut,
        `Flux does not read ${selection.leftOut} for the environment ${tenant.environment.name}`,
      ),
    );
  const manifests: Manifest[] = [];
  for (const path of selection.files) {
    const parsed = parse(app, path);
    if (parsed.problem) found.push(parsed.problem);
    for (const { line } of parsed.others)
      found.push(
        aboutFile(
          'not-a-manifest',
          app.name,
          path,
          `failed to decode Kubernetes YAML from ${path}: missing Resource metadata, kind or metadata.name`,
          line,
        ),
      );
    manifests.push(...parsed.manifests);
  }
  const { objects, twice, failed } = buildPlain(manifests, sync, schemas);
  if (failed !== undefined)
    found.push(
      about('patch-failed', sync.manifest, `kustomize build failed: ${failed.message}`, [
        ...['spec', 'patches'],
        failed.index,
      ]),
    );
  for (const { manifest, other } of twice)
    found.push(
      about(
        'object-twice',
        manifest,
        `may not add resource with an already registered id: ${manifest.kind}/${manifest.name}. ${other.path}, line ${other.line}, describes the same object`,
      ),
    );
  findings.push(...found.map((finding) => ofTenant(finding, tenant)));
  const isBroken = found.some(({ code }) => code !== 'kustomization-left-out');
  if (isBroken) return [];
  const filled = filledObjects(objects, sync, tenant);
  findings.push(...filled.findings.map((finding) => ofTenant(finding, tenant)));
  return filled.objects;
}

const ofTenant = (finding: Finding, { environment }: Tenant): Finding => ({
  environment: environment.name,
  appRepo: environment.repo,
  ...finding,
});

/** All findings about a `prepared` estate; `built` is what kustomize built. */
export function conclude(
  prepared: Prepared,
  built: ReadonlyMap<Sync, Built>,
): { readonly findings: readonly Finding[]; readonly objects: number } {
  const { estate, knowledge, plain, wanted } = prepared;
  const { policies, findings: invalid } = policiesOf(estate.config);
  const findings: Finding[] = [...prepared.findings, ...invalid];
  const needs = new Map(wanted.map((one) => [one.sync, one]));
  let count = estate.config.length;
  for (const tenant of estate.tenants) {
    const all: Manifest[] = [];
    const found: Finding[] = [];
    for (const sync of tenant.syncs) {
      const want = needs.get(sync);
      const objects = want
        ? kustomized(want, built.get(sync), prepared, found)
        : (plain.get(sync) ?? []);
      all.push(...objects);
      found.push(...checkSyncObjects(objects, tenant, sync, { estate, knowledge, policies }));
    }
    count += all.length;
    if (tenant.manifests.length > 0)
      found.push(...checkQuota(tenant, all, knowledge.schemas), ...checkPodAccounts(tenant, all));
    findings.push(...found.map((finding) => ofTenant(finding, tenant)));
  }
  return { findings: withoutRepeats(findings), objects: count };
}

/** The fields of a kustomization.yaml that Flux drops without a word, because kustomize does not know them. */
function droppedFields({ app, kept, sync }: Wanted): Finding[] {
  const path = rootKustomization(kept, sync);
  if (path === undefined) return [];
  const text = app.files.get(path) ?? '';
  return Object.keys(objectAt(readYaml(text)))
    .filter((key) => !KUSTOMIZATION_FIELDS.has(key))
    .map((key) => {
      const before = text.slice(0, Math.max(text.search(new RegExp(`^${key}\\b`, 'm')), 0));
      const message = `.${key}: field not declared in schema`;
      return aboutFile('field-unknown', app.name, path, message, before.split('\n').length);
    });
}

/** The path of the kustomization.yaml that is built, if there is one. */
function kustomizationOf({ app, resources }: Wanted): string | undefined {
  return resources
    .flatMap((folder) =>
      KUSTOMIZATION_FILES.map((name) => (folder === '.' ? name : `${folder}/${name}`)),
    )
    .find((path) => app.files.has(path));
}

function kustomized(
  want: Wanted,
  built: Built,
  { parse }: Prepared,
  found: Finding[],
): readonly Manifest[] {
  const { sync, app, resources, tenant } = want;
  const path = kustomizationOf(want);
  // Without a kustomization.yaml, the sync itself is why kustomize is needed.
  const say = (code: Code, message: string, hint?: string): void => {
    const { manifest } = sync;
    const finding =
      path === undefined
        ? about(code, manifest, message)
        : aboutFile(code, app.name, path, message);
    found.push({ ...finding, ...(hint && { hint }) });
  };
  found.push(...droppedFields(want));
  if (built === undefined) {
    const what = path ?? resources.join(', ');
    say(
      'kustomize-not-checked',
      `${what} is not built for the environment ${tenant.environment.name}`,
    );
    return [];
  }
  if ('error' in built) {
    const { error } = built;
    const isRemote = /proxyconnect|dial tcp|transport '.*' not allowed/.test(error);
    const said = isRemote ? error.replace(/: (Get "|proxyconnect|fatal: )[\s\S]*/, '') : error;
    say(
      'kustomize-failed',
      `kustomize build failed: ${said}`,
      isRemote
        ? 'Flux fetches nothing for a kustomization.yaml. Copy the files into REPO.'
        : undefined,
    );
    return [];
  }
  const objects = built.objects.map(({ value, origin }) => {
    const source =
      origin !== undefined && app.files.has(origin)
        ? parse(app, origin).manifests.find(
            (one) => one.kind === value.kind && value.name.includes(one.name),
          )
        : undefined;
    const place = source ?? { path: origin ?? path ?? '', line: 1, start: 1, text: '' };
    return {
      ...value,
      repo: sync.appRepo,
      path: place.path,
      line: place.line,
      start: place.start,
      text: place.text,
      ...(source?.within && { within: source.within }),
    };
  });
  const filled = filledObjects(objects, sync, tenant);
  found.push(...filled.findings);
  return filled.objects;
}

/** `objects` with the values of the variables of `sync`; none if a variable has no value. */
function filledObjects(
  objects: readonly Manifest[],
  sync: Sync,
  { manifests }: Tenant,
): { readonly objects: readonly Manifest[]; readonly findings: readonly Finding[] } {
  const filled = substituted(withCommon(objects, sync), variablesOf(sync, manifests));
  const findings = filled.unset.map(({ manifest, name }) => {
    const message = `post build failed for '${manifest.kind}/${manifest.name}': envsubst error: variable substitution failed: variable not set (strict mode): "${name}"`;
    return about('variable-missing', manifest, message);
  });
  return { objects: findings.length > 0 ? [] : filled.objects, findings };
}

type Whole = {
  readonly estate: Estate;
  readonly knowledge: Knowledge;
  readonly policies: readonly Policy[];
};

function checkSyncObjects(
  objects: readonly Manifest[],
  tenant: Tenant,
  sync: Sync,
  { estate, knowledge, policies }: Whole,
): Finding[] {
  if (objects.length === 0) return [];
  const { schemas, admin } = knowledge;
  const account = sync.account ?? 'default';
  const namespace = tenant.manifests.find(({ kind }) => kind === 'Namespace');
  const rights: Rights = rightsOf(estate, tenant, account, admin);
  const isDecrypted = at(sync.manifest.value, 'spec', 'decryption') !== undefined;
  const isBound = checkAccount(tenant, sync).length === 0;
  const level =
    namespace === undefined
      ? undefined
      : textAt(namespace.value, 'metadata', 'labels', 'pod-security.kubernetes.io/enforce');
  return objects.flatMap((object) => {
    const known = kindOf(schemas, object.apiVersion, object.kind);
    const findings = [
      ...checkEncrypted(object, 'flux', isDecrypted, (one) => checkManifest(one, schemas, 'flux')),
      ...checkSecret(object),
      ...checkImages(object),
    ];
    if (known === undefined)
      return findings.map((one) => ({ ...one, ...unknownHint(one, tenant) }));
    if (namespace === undefined) return findings;
    // Without rights everything is forbidden: one finding about the account says it.
    const forbidden = isBound ? checkRights(object, known, tenant, account, rights) : [];
    findings.push(...forbidden);
    // The API server asks the policies only about requests that the rights allow.
    if (
      forbidden.some(({ code }) => code !== 'role-not-checked') ||
      findings.some(({ code }) => code !== 'field-unknown' && code.startsWith('field-'))
    )
      return findings;
    if (!known.namespaced) return findings;
    const before = platformObject(tenant.manifests, object);
    const user = userName(tenant, account);
    const request = { object, before, resource: known.resource, namespace, user, rights };
    const refused = checkAdmission(policies, request);
    // A policy may refuse a workload before Pod Security refuses its pods.
    const isRefused = refused.some(({ code }) => code === 'policy-refused');
    return [...findings, ...refused, ...(isRefused ? [] : checkPodSecurity(object, level))];
  });
}

/** What to do about an object of the app whose kind is not known: Flux can leave it out, too. */
const unknownHint = ({ code }: Finding, { environment }: Tenant): { readonly hint?: string } =>
  code === 'kind-unknown' && environment.profile === 'hardened'
    ? {
        hint: `${entryOf(code).remedy} If the app runs without it: flux-gitops tenant ENV --leave-out KIND`,
      }
    : {};

/** `findings` without those that say the same about the same line: the base of several environments. */
function withoutRepeats(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ code, place, message, environment }) => {
    const { repo, path, line, field } = place;
    const said = environment === undefined ? message : message.replaceAll(environment, 'ENV');
    const id = [code, repo, path, line, field?.join('.'), said].join('\n');
    if (seen.has(id)) return false;
    seen.add(id);
    return true;
  });
}
