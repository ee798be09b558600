export type Severity = 'error' | 'warning';

/** The headings of the documentation, in the order in which `verify` looks. */
export const FAMILIES = {
  files: 'Files and the record',
  tenants: 'Tenants and their syncs',
  build: 'What Flux builds',
  schema: 'Fields and API versions',
  cluster: 'What the cluster refuses',
  advice: 'Advice',
  live: 'What the cluster has: --live',
} as const;
export type Family = keyof typeof FAMILIES;

type Entry = {
  readonly family: Family;
  readonly severity: Severity;
  /** What is wrong, as a sentence. */
  readonly cause: string;
  /** What to do. ENV, REPO and CONFIG stand for the environment and the repositories of a finding. */
  readonly remedy: string;
};

/** Every code that `verify` reports. Codes are stable: scripts rely on them. */
export const CATALOGUE = {
  'yaml-invalid': {
    family: 'files',
    severity: 'error',
    cause: 'The file is not valid YAML.',
    remedy: 'Correct the line.',
  },
  'conflict-markers': {
    family: 'files',
    severity: 'error',
    cause: 'The file contains the markers of a conflict that git could not merge.',
    remedy: 'Choose one of the two sides, and remove the markers.',
  },
  'tenant-incomplete': {
    family: 'files',
    severity: 'error',
    cause: 'An environment needs 1_tenant.yaml and 2_sync.yaml. One of them is missing.',
    remedy: 'Restore the file: flux-gitops tenant ENV --force',
  },
  'guard-missing': {
    family: 'files',
    severity: 'warning',
    cause:
      'A policy that the generator wrote is missing, so the cluster does not refuse what this policy refuses.',
    remedy: 'Restore the file: flux-gitops --force',
  },
  'guard-edited': {
    family: 'files',
    severity: 'warning',
    cause: 'A policy is not as the generator wrote it.',
    remedy:
      'If the edit is not meant, restore the file: flux-gitops --force. Checks use the edited policy.',
  },
  'tenant-unrecorded': {
    family: 'files',
    severity: 'warning',
    cause:
      'A folder has the files of an environment, but .yo-rc.json does not list this environment.',
    remedy: 'Remove the folder, or add the environment: flux-gitops tenant ENV --repo REPO',
  },
  'environment-not-checked': {
    family: 'files',
    severity: 'warning',
    cause:
      'A user wrote the files of the environment by hand, before the estate was adopted. verify does not know what Flux makes of them.',
    remedy: 'To have files that verify checks: flux-gitops tenant ENV --take-over',
  },
  'sync-list-incomplete': {
    family: 'files',
    severity: 'error',
    cause: 'kustomization.yaml does not list a file, so Flux never applies it.',
    remedy: 'Add the file to resources in kustomization.yaml.',
  },
  'sync-list-broken': {
    family: 'files',
    severity: 'error',
    cause: 'kustomization.yaml lists a file that does not exist, so Flux applies nothing.',
    remedy: 'Remove the line, or restore the file.',
  },
  'departure-incomplete': {
    family: 'files',
    severity: 'error',
    cause:
      'An environment is leaving, but kustomization.yaml has no patches for that, so Flux removes nothing of it.',
    remedy: 'Write the patches again: flux-gitops --force',
  },
  'departure-unrecorded': {
    family: 'files',
    severity: 'error',
    cause:
      'kustomization.yaml has the patches of an environment that is leaving, but .yo-rc.json does not say that it leaves. Flux removes its app.',
    remedy: 'If it stays, write kustomization.yaml again: flux-gitops --force',
  },
  'namespace-mismatch': {
    family: 'tenants',
    severity: 'error',
    cause: 'An object of an environment is not in the namespace of this environment.',
    remedy:
      'Use the namespace of the environment, or write the file again: flux-gitops tenant ENV --force',
  },
  'namespace-shared': {
    family: 'tenants',
    severity: 'error',
    cause: 'Two environments have the same namespace, so each changes the objects of the other.',
    remedy: 'Give one of them another prefix: flux-gitops tenant ENV --prefix P',
  },
  'object-twice-in-config': {
    family: 'tenants',
    severity: 'error',
    cause: 'Two manifests of the config repo describe the same object. The last one wins.',
    remedy: 'Rename or remove one of them.',
  },
  'account-missing': {
    family: 'tenants',
    severity: 'error',
    cause: 'The sync acts as a service account that does not exist in the namespace.',
    remedy:
      'Restore 1_tenant.yaml, or correct spec.serviceAccountName: flux-gitops tenant ENV --force',
  },
  'binding-missing': {
    family: 'tenants',
    severity: 'error',
    cause: 'No RoleBinding gives rights to the service account of the sync.',
    remedy: 'Correct the subjects and the roleRef in 1_tenant.yaml: flux-gitops tenant ENV --force',
  },
  'label-missing': {
    family: 'tenants',
    severity: 'warning',
    cause:
      'The Namespace has no label toolkit.fluxcd.io/role: tenant, so no policy applies to this tenant.',
    remedy: 'Restore the label: flux-gitops tenant ENV --force',
  },
  'label-mismatch': {
    family: 'tenants',
    severity: 'warning',
    cause: 'The label toolkit.fluxcd.io/tenant does not name the tenant.',
    remedy: 'Correct the label: flux-gitops tenant ENV --force',
  },
  'pod-security-off': {
    family: 'tenants',
    severity: 'warning',
    cause: 'The Namespace of a hardened tenant enforces no level of Pod Security.',
    remedy: 'Restore the label pod-security.kubernetes.io/enforce: flux-gitops tenant ENV --force',
  },
  'quota-missing': {
    family: 'tenants',
    severity: 'warning',
    cause: 'A hardened tenant has no ResourceQuota, so it can use the whole cluster.',
    remedy: 'Restore 1_tenant.yaml: flux-gitops tenant ENV --force',
  },
  'source-missing': {
    family: 'tenants',
    severity: 'error',
    cause: 'The sync names a source that does not exist in its namespace.',
    remedy: 'Correct spec.sourceRef, or restore the source: flux-gitops tenant ENV --force',
  },
  'source-url': {
    family: 'tenants',
    severity: 'error',
    cause: 'The source does not point to the app repo of this environment.',
    remedy: 'Correct spec.url, or write the file again: flux-gitops tenant ENV --force',
  },
  'branch-missing': {
    family: 'tenants',
    severity: 'error',
    cause: 'The clone beside the config repo has no branch or tag of this name.',
    remedy:
      'Push the branch, or let Flux follow another one: flux-gitops tenant ENV --branch BRANCH',
  },
  'secret-reference-missing': {
    family: 'tenants',
    severity: 'error',
    cause: 'The source is private, but names no Secret, so Flux cannot read it.',
    remedy:
      'Restore spec.secretRef: flux-gitops tenant ENV --force. If Flux needs no Secret: flux-gitops tenant ENV --credentials none',
  },
  'dependency-missing': {
    family: 'tenants',
    severity: 'error',
    cause:
      'The sync waits for a Kustomization that the config repo does not have, so Flux never applies it.',
    remedy: 'Correct spec.dependsOn, or remove it: flux-gitops tenant ENV --force',
  },
  'artifact-missing': {
    family: 'tenants',
    severity: 'warning',
    cause: 'Flux follows an artifact that no workflow of the app repo pushes.',
    remedy: 'Write the list .github/artifacts in REPO again: flux-gitops tenant ENV --force',
  },
  'signer-mismatch': {
    family: 'tenants',
    severity: 'error',
    cause:
      'Flux expects another signer than the workflow that pushes the artifact, so it refuses the artifact.',
    remedy: 'Write the file again: flux-gitops tenant ENV --force',
  },
  'signature-unchecked': {
    family: 'tenants',
    severity: 'error',
    cause:
      'Flux does not check who signed the artifact. Whoever can push to the registry could then deploy to the environment.',
    remedy: 'Restore spec.verify: flux-gitops tenant ENV --force',
  },
  'path-missing': {
    family: 'tenants',
    severity: 'error',
    cause: 'The folder that the sync applies does not exist in the app repo.',
    remedy: 'Create the folder in REPO, or correct spec.path. An empty folder needs a .gitkeep.',
  },
  'app-repo-missing': {
    family: 'tenants',
    severity: 'warning',
    cause: 'The app repo is not beside the config repo, so its manifests are not checked.',
    remedy: 'Clone it: flux-gitops verify --fetch',
  },
  'sync-namespace': {
    family: 'tenants',
    severity: 'error',
    cause: 'The sync applies its manifests in another namespace, where its account has no rights.',
    remedy:
      'Set spec.targetNamespace to the namespace of the environment: flux-gitops tenant ENV --force',
  },
  'sync-account': {
    family: 'tenants',
    severity: 'error',
    cause: 'The sync names no service account, so Flux acts as an account without rights.',
    remedy: 'Set spec.serviceAccountName: flux-gitops tenant ENV --force',
  },
  'not-a-manifest': {
    family: 'build',
    severity: 'error',
    cause:
      'Flux takes every .yaml file of the folder for a manifest, and this file is none. Nothing of the folder is applied.',
    remedy:
      'Move the file out of the folder, or list it in a file .sourceignore. Until then, nothing of the folder is applied, and the rest of it is not checked.',
  },
  'object-twice': {
    family: 'build',
    severity: 'error',
    cause:
      'Two manifests of the folder describe the same object. Nothing of the folder is applied.',
    remedy: 'Rename or remove one of them, or use a kustomization.yaml that lists what to apply.',
  },
  'kustomization-left-out': {
    family: 'build',
    severity: 'warning',
    cause:
      'Flux leaves the kustomization.yaml out, because this tenant may not use it. Every .yaml file of the folder is applied as it is.',
    remedy:
      'Remove the file, or allow it: flux-gitops tenant ENV --allow-kustomize. The tenant can then read the sources of all tenants.',
  },
  'link-left-out': {
    family: 'build',
    severity: 'warning',
    cause:
      'The file is a symbolic link. Flux leaves links out, so it does not apply what is behind this one.',
    remedy:
      'Put the file itself in the folder. A kustomization.yaml can refer to files of other folders.',
  },
  'patch-failed': {
    family: 'build',
    severity: 'error',
    cause:
      'A patch in spec.patches of the sync cannot be applied, so Flux applies nothing of the folder.',
    remedy:
      'Correct the patch in your file, and give the file again: flux-gitops tenant ENV --sync-spec FILE',
  },
  'kustomize-failed': {
    family: 'build',
    severity: 'error',
    cause: 'kustomize cannot build the folder, so Flux applies nothing of it.',
    remedy:
      'Correct kustomization.yaml, or the file that the message names. Try it: kubectl kustomize --load-restrictor LoadRestrictionsNone REPO/FOLDER',
  },
  'kustomize-not-checked': {
    family: 'build',
    severity: 'warning',
    cause:
      'The folder needs kustomize, and neither kustomize nor kubectl is installed. What kustomize would build is not checked.',
    remedy: 'Install kubectl or kustomize.',
  },
  'build-not-checked': {
    family: 'build',
    severity: 'warning',
    cause:
      'The sync uses a step that verify cannot repeat, or files that are not here, so the result is not checked.',
    remedy:
      'Check the result on a cluster: flux build kustomization NAME --namespace NAMESPACE --path FOLDER',
  },
  'variable-missing': {
    family: 'build',
    severity: 'error',
    cause:
      'An object uses a variable that spec.postBuild of the sync does not set, and that has no default. Flux builds nothing then.',
    remedy:
      'Set the variable, or give it a default with :=. A dollar sign that starts no variable needs a second one before it.',
  },
  'secret-encrypted': {
    family: 'build',
    severity: 'error',
    cause:
      'SOPS encrypted the Secret, but nothing decrypts it, so Flux applies nothing of the folder.',
    remedy:
      'For the config repo: flux-gitops --sops-age KEY. For an app repo: set spec.decryption of its sync, or create the Secret on the cluster.',
  },
  'kind-unknown': {
    family: 'schema',
    severity: 'warning',
    cause:
      'Neither Kubernetes nor Flux nor a CustomResourceDefinition in the config repo has this kind. Its fields and the rights for it are not checked.',
    remedy:
      'Install what brings this kind, and let tenants use it: a ClusterRole with the label rbac.authorization.k8s.io/aggregate-to-admin.',
  },
  'api-removed': {
    family: 'schema',
    severity: 'error',
    cause: 'The cluster does not serve this API version.',
    remedy: 'Use the API version in the message.',
  },
  'field-unknown': {
    family: 'schema',
    severity: 'warning',
    cause:
      'The kind has no field of this name. Flux applies the object without the field, and says nothing.',
    remedy: 'Correct the name or the indentation.',
  },
  'field-refused': {
    family: 'schema',
    severity: 'error',
    cause: 'The kind has no field of this name, so the object is refused.',
    remedy: 'Correct the name or the indentation.',
  },
  'field-type': {
    family: 'schema',
    severity: 'error',
    cause: 'The field has a value of another type.',
    remedy: 'Write a value of the type that the message expects.',
  },
  'field-missing': {
    family: 'schema',
    severity: 'error',
    cause: 'A required field is missing.',
    remedy: 'Add the field.',
  },
  'field-invalid': {
    family: 'schema',
    severity: 'error',
    cause: 'The value of the field is not allowed.',
    remedy: 'Use a value that the message allows.',
  },
  'list-duplicate': {
    family: 'schema',
    severity: 'error',
    cause: 'Two items of the list have the same key.',
    remedy: 'Rename or remove one of them.',
  },
  'name-invalid': {
    family: 'schema',
    severity: 'error',
    cause: 'Kubernetes does not allow this name.',
    remedy: 'Use lower case letters, digits and hyphens, and start with a letter.',
  },
  'label-invalid': {
    family: 'schema',
    severity: 'error',
    cause: 'Kubernetes does not allow this label or annotation.',
    remedy: 'Correct it: a label has at most 63 letters, digits, hyphens, dots and underscores.',
  },
  'selector-mismatch': {
    family: 'schema',
    severity: 'error',
    cause: 'The selector does not match the labels of the pod template.',
    remedy: 'Give the template the labels of the selector.',
  },
  'reference-missing': {
    family: 'schema',
    severity: 'error',
    cause: 'A part of the object names another part that does not exist.',
    remedy: 'Correct the name.',
  },
  forbidden: {
    family: 'cluster',
    severity: 'error',
    cause: 'The service account of the tenant has no right to apply this object.',
    remedy:
      'Remove the object from REPO. If the tenant needs it, the platform team adds it to the config repo, and lets Flux leave it out of REPO: flux-gitops tenant ENV --leave-out KIND',
  },
  'pod-account-missing': {
    family: 'cluster',
    severity: 'warning',
    cause:
      'Pods run as a service account that neither the app nor the config repo has. The cluster refuses the pods until it exists.',
    remedy: 'Correct serviceAccountName, or add the ServiceAccount to REPO.',
  },
  'role-escalation': {
    family: 'cluster',
    severity: 'error',
    cause: 'The object gives rights that the tenant itself does not have.',
    remedy: 'Give fewer rights. The platform team can add the role to ENV/1_tenant.yaml.',
  },
  'role-not-checked': {
    family: 'cluster',
    severity: 'warning',
    cause:
      'A binding names a ClusterRole that is neither in the config repo nor in Kubernetes itself. Without it, the API server refuses the binding or gives no rights.',
    remedy: 'Name a role that exists in the cluster: kubectl get clusterroles',
  },
  'pod-security': {
    family: 'cluster',
    severity: 'error',
    cause: 'Pod Security refuses the pods of this object.',
    remedy: 'Remove the fields that the message names.',
  },
  'quota-exceeded': {
    family: 'cluster',
    severity: 'error',
    cause: 'All objects of the environment together need more than its quota allows.',
    remedy: 'Use less, or give the tenant more: flux-gitops tenant ENV --size large',
  },
  'service-quota-exceeded': {
    family: 'cluster',
    severity: 'error',
    cause: 'The quota does not allow so many Services of type LoadBalancer or NodePort.',
    remedy:
      'Use the type ClusterIP, or allow them: flux-gitops tenant ENV --load-balancers N, or --node-ports N',
  },
  'rollout-exceeds-quota': {
    family: 'cluster',
    severity: 'warning',
    cause:
      'The quota has room for all pods, but not for the additional pods of a rolling update. Updates can stop halfway.',
    remedy: 'Set a lower maxSurge, or give the tenant more: flux-gitops tenant ENV --size large',
  },
  'limit-exceeded': {
    family: 'cluster',
    severity: 'error',
    cause: 'A container is outside the limits of the LimitRange, or requests more than its limit.',
    remedy:
      'Set requests and limits that fit. A container without values gets those of the LimitRange in ENV/1_tenant.yaml.',
  },
  'policy-refused': {
    family: 'cluster',
    severity: 'error',
    cause: 'A policy of the config repo refuses this object.',
    remedy: 'The message says what to do.',
  },
  'policy-invalid': {
    family: 'cluster',
    severity: 'error',
    cause: 'An expression of the policy is not valid CEL, so the cluster refuses the policy.',
    remedy: 'Correct the expression, or restore the file: flux-gitops --force',
  },
  'policy-not-checked': {
    family: 'cluster',
    severity: 'warning',
    cause: 'verify cannot evaluate the policy for this object. The cluster may refuse the object.',
    remedy: 'Try it on a cluster: kubectl apply --server-side --dry-run=server',
  },
  'secret-in-clear': {
    family: 'advice',
    severity: 'warning',
    cause: 'The repository contains a Secret that is not encrypted.',
    remedy:
      'Remove it and change the password. Encrypt Secrets with SOPS, or create them on the cluster.',
  },
  'image-without-tag': {
    family: 'advice',
    severity: 'warning',
    cause: 'The image has no version, so the cluster may run another image tomorrow.',
    remedy: 'Add a tag other than latest, or a digest.',
  },
  'no-proxy': {
    family: 'advice',
    severity: 'error',
    cause:
      'NO_PROXY of the kustomize-controller does not name an address of Flux, so the controller cannot fetch the manifests.',
    remedy:
      'Add the address to NO_PROXY in install/flux-instance.yaml and in flux-instance-values.yaml.',
  },
  'not-checked': {
    family: 'live',
    severity: 'warning',
    cause: 'verify could not compare this with the cluster.',
    remedy:
      'If you have no right to ask for it, ask somebody who manages the cluster to run flux-gitops verify --live',
  },
  'live-missing': {
    family: 'live',
    severity: 'error',
    cause: 'The cluster does not have an object of the config repo.',
    remedy:
      'If the cluster follows the config repo, push it. Otherwise apply the files: kubectl apply -f FOLDER/',
  },
  'live-differs': {
    family: 'live',
    severity: 'error',
    cause: 'An object of the cluster is not as its file says.',
    remedy:
      'Find out who changed it. If the file is right, apply it: kubectl apply -f FOLDER/. If something stays that only the cluster has: kubectl replace --save-config -f FOLDER/',
  },
  'live-refused': {
    family: 'live',
    severity: 'error',
    cause: 'The cluster refuses the file, so nobody can apply it.',
    remedy:
      'Correct the file. A field that cannot be changed needs a new object: delete the old one first.',
  },
  'policy-missing': {
    family: 'live',
    severity: 'error',
    cause:
      'The cluster does not have a policy or its binding, so it does not refuse what this policy refuses.',
    remedy: 'Apply the policies: kubectl apply -f FOLDER/',
  },
  'policy-not-effective': {
    family: 'live',
    severity: 'error',
    cause:
      'The cluster accepts what this policy must refuse. verify tried it, as a dry run, as an account of the tenant.',
    remedy:
      'Compare the labels of the Namespace with 1_tenant.yaml, and write the policy and its binding again: kubectl replace --save-config -f FOLDER/. A new policy needs a few seconds.',
  },
  'instance-not-ready': {
    family: 'live',
    severity: 'error',
    cause: 'The Flux Operator has not installed Flux as the FluxInstance says.',
    remedy: 'Read its events: kubectl -n flux-system describe fluxinstance flux',
  },
  'controller-differs': {
    family: 'live',
    severity: 'error',
    cause:
      'A controller of Flux does not run with the arguments, the environment or the version that the FluxInstance asks for.',
    remedy:
      'Let the operator write it again: kubectl -n flux-system annotate fluxinstance flux --overwrite reconcile.fluxcd.io/requestedAt=now',
  },
  'operator-open': {
    family: 'live',
    severity: 'error',
    cause:
      'The Flux Operator runs without its lock, so a ResourceSet of a tenant is applied with the rights of the operator.',
    remedy: 'Run the first helm command of install/README.md in CONFIG again.',
  },
  'operator-outdated': {
    family: 'live',
    severity: 'warning',
    cause: 'The Flux Operator is older than the version that install/README.md installs.',
    remedy: 'Run the first helm command of install/README.md in CONFIG again.',
  },
  'source-not-ready': {
    family: 'live',
    severity: 'error',
    cause: 'Flux cannot fetch the source.',
    remedy:
      'Correct what the message says. For a private repository: flux-gitops credentials ENV --live',
  },
  'source-behind': {
    family: 'live',
    severity: 'warning',
    cause: 'Flux has not fetched the newest commit of the branch yet.',
    remedy: 'Wait for the interval of the source, and run the same command again.',
  },
  'sync-not-ready': {
    family: 'live',
    severity: 'error',
    cause: 'Flux has not applied the app, or the app is not ready.',
    remedy: 'Correct what the message says, in REPO or in the config repo.',
  },
  'sync-behind': {
    family: 'live',
    severity: 'error',
    cause: 'Flux has fetched a newer revision than it has applied.',
    remedy:
      'Wait a moment, and run the same command again. If nothing changes, read the log: kubectl -n flux-system logs deployment/kustomize-controller',
  },
  'unmanaged-object': {
    family: 'live',
    severity: 'warning',
    cause:
      'The namespace of a tenant has an object that no repository of the estate and no other object explains.',
    remedy: 'Delete the object, or commit its manifest to REPO.',
  },
  'finalizer-hangs': {
    family: 'live',
    severity: 'error',
    cause:
      'An object is being deleted and does not go, because a controller has not removed its finalizers.',
    remedy:
      'Start the controller that the finalizer names: finalizers.fluxcd.io is Flux. To remove the whole environment: flux-gitops remove ENV --live',
  },
  'secret-missing': {
    family: 'live',
    severity: 'error',
    cause: 'The cluster does not have a Secret that Flux needs.',
    remedy: 'Create it. For a private repository: flux-gitops credentials ENV --live',
  },
  'secret-incomplete': {
    family: 'live',
    severity: 'error',
    cause: 'A Secret does not have the fields with which Flux can read the source.',
    remedy: 'Write the Secret again: flux-gitops credentials ENV --live',
  },
  'credential-ends': {
    family: 'live',
    severity: 'warning',
    cause: 'The token with which Flux reads a repository ends within two weeks, or has ended.',
    remedy: 'Create a new token, and hand it over: flux-gitops credentials ENV --live',
  },
} as const satisfies { readonly [code: string]: Entry };

export type Code = keyof typeof CATALOGUE;

/** What `verify` knows about `code`. */
export function entryOf(code: Code): Entry {
  return CATALOGUE[code];
}

/** The page of all codes, as Markdown. */
export function catalogueText(): string {
  const sections = (Object.keys(FAMILIES) as Family[]).map((family) => {
    const rows = (Object.keys(CATALOGUE) as Code[])
      .filter((code) => entryOf(code).family === family)
      .map((code) => {
        const { severity, cause, remedy } = entryOf(code);
        return `### \`${code}\`\n\n${severity === 'error' ? 'Error' : 'Warning'}. ${cause}\n\n**What to do:** ${asCode(remedy)}\n`;
      });
    return `## ${FAMILIES[family]}\n\n${rows.join('\n')}`;
  });
  return sections.join('\n');
}

/** `remedy` with its commands as code. */
const asCode = (remedy: string): string =>
  remedy
    .replace(/((?:flux-gitops|kubectl|flux build) .*?)(?=\.(?: [A-Z]|$)|, or |$)/g, '`$1`')
    .replace(/, or (--[a-z-]+(?: [A-Z]+)?)$/, ', or `$1`');
