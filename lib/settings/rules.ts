/** A rule for one kind of value: its sentence, an example, and how it reads a text. */
export type Rule<T> = {
  readonly rule: string;
  readonly example: string;
  /** The value of `text`, or undefined when it breaks the rule. */
  readonly read: (text: string) => T | undefined;
  /** All values, if there are only a few. */
  readonly choices?: readonly string[];
  /** A sentence that is more exact about `text` than `rule`. */
  readonly special?: (text: string) => string | undefined;
  /** Whether `text`, which breaks the rule, is a secret that no message may repeat. */
  readonly isSecret?: (text: string) => boolean;
};

/** The sentence of `rule` for a `text` that breaks it. */
export function ruleAbout({ rule, special }: Rule<unknown>, text: string): string {
  return special?.(text) ?? rule;
}

/** The longest namespace, service account, label value and Kustomization name (DNS-1123 label). */
export const LABEL_LENGTH = 63;

const matching =
  (pattern: RegExp, accept: (text: string) => boolean = () => true) =>
  (text: string) =>
    pattern.test(text) && accept(text) ? text : undefined;

/** One of `choices`. */
export function oneOf<T extends string>(choices: readonly T[]): Rule<T> {
  return {
    rule: `it must be one of ${choices.join(', ')}`,
    example: String(choices[0]),
    read: (text) => choices.find((choice) => choice === text),
    choices,
  };
}

const DNS_1035 = /^[a-z][a-z0-9-]{0,61}[a-z0-9]$/;
const DNS_1123 = /^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/;
const CONFIG_REPO_FOLDERS = ['install', 'policies', 'network'];

/** Windows reserves these names for devices, with any extension: it cannot check out a repository that uses them. */
const isDevice = (text: string): boolean =>
  /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i.test(text);
const noDevice = (text: string): string | undefined =>
  isDevice(text)
    ? 'Windows reserves this name for a device, so the repository could not be checked out on Windows'
    : undefined;

/** The part of a namespace after the prefix, and the name of a folder in both repositories. */
export const environmentName: Rule<string> = {
  rule:
    'an environment must have 2 to 63 lower-case letters, digits and hyphens, start with a letter and end with ' +
    'a letter or digit',
  special: (text) =>
    CONFIG_REPO_FOLDERS.includes(text)
      ? `the config repo has folders called ${CONFIG_REPO_FOLDERS.join(', ')}, so an environment must have another name`
      : noDevice(text),
  example: 'dev',
  read: matching(DNS_1035, (text) => !CONFIG_REPO_FOLDERS.includes(text) && !isDevice(text)),
};

/** The first part of a namespace. It must start with a letter, because names of Services can derive from it. */
export const namespacePrefix: Rule<string> = {
  rule:
    'a namespace prefix must have 2 to 63 lower-case letters, digits and hyphens, start with a letter and ' +
    'end with a letter or digit',
  example: 'fluxdemo',
  read: matching(DNS_1035),
};

/** An app repo also names a GitRepository and a Kustomization, whose name becomes a label. */
export const appRepoName: Rule<string> = {
  rule:
    'an app repo must have 2 to 63 lower-case letters, digits and hyphens, and start and end with a letter or ' +
    'digit, because Flux objects have its name',
  special: noDevice,
  example: 'flux-dev',
  read: matching(DNS_1123, (text) => !isDevice(text)),
};

/** GitHub's rule for repository names; GitHub changes other names without a message. */
export const configRepoName: Rule<string> = {
  rule:
    'a GitHub repository must have 2 to 100 letters, digits, hyphens, underscores and dots. It must not start ' +
    'with a dot or hyphen, or end in .git or a dot',
  special: noDevice,
  example: 'flux-demo',
  read: matching(
    /^[A-Za-z0-9_][A-Za-z0-9._-]{1,99}$/,
    (text) => !/\.(git|wiki|atom)?$/i.test(text) && !isDevice(text),
  ),
};

/** A login: GitHub's users and organizations; managed users carry `_SHORTCODE`. */
export const ownerName: Rule<string> = {
  rule:
    'a GitHub user or organization must have 1 to 39 letters, digits and single hyphens, and must not start or ' +
    'end with a hyphen',
  example: 'octo-org',
  read: matching(/^(?=.{1,39}$)[A-Za-z0-9]+(-[A-Za-z0-9]+)*(_[A-Za-z0-9]+)?$/),
};

/** https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners */
export const codeOwner: Rule<string> = {
  rule: 'a code owner must be @user, @organization/team, or the email address of a GitHub user',
  example: '@octo-org/platform',
  read: (text) => {
    const [, name = '', team = 'team'] = /^@([^/]*)(?:\/(.*))?$/.exec(text) ?? [];
    const isName = ownerName.read(name) !== undefined && /^[A-Za-z0-9_-]{1,100}$/.test(team);
    return isName || EMAIL.test(text) ? text : undefined;
  },
};

const EMAIL = /^[A-Za-z0-9._%+-]{1,64}@(?=.{1,253}$)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/;

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

function readGithubUrl(text: string): string | undefined {
  if (!/^https?:\/\/[A-Za-z0-9.:[\]-]+\/?$/.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const allowed = url.protocol === 'https:' || LOOPBACK.includes(url.hostname);
  return allowed ? url.origin : undefined;
}

/** The web address of GitHub or a GitHub Enterprise Server, without a slash at its end. */
export const githubUrl: Rule<string> = {
  rule:
    'it must be https:// and a host, without a user, password, path or query. http:// is only for rehearsals ' +
    'on localhost, 127.0.0.1 and [::1]',
  example: 'https://github.example.com',
  read: readGithubUrl,
};

/** The value of `--ssh-url` that follows `--github-url`. */
export const SSH_OF_GITHUB = 'default';

const LABEL = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
const SSH_URL = new RegExp(
  `^(ssh://[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}@)(${LABEL}(?:\\.${LABEL})*|\\[[0-9a-f:.]+\\])(?::(\\d{1,5}))?/?$`,
);

/** The ssh address of a git server: a user, a host in lower case and a port, without a slash at its end. */
export const sshUrl: Rule<string> = {
  rule:
    'it must be ssh://, a user, @ and a host in lower case, with a port if it is not 22, and without a password or a path. ' +
    `The value ${SSH_OF_GITHUB} means ssh://git@ and the host of --github-url`,
  example: 'ssh://git@ssh.github.com:443',
  read: (text) => {
    if (text === SSH_OF_GITHUB) return text;
    const parts = SSH_URL.exec(text);
    const [, user, host = '', port = '22'] = parts ?? [];
    if (user === undefined || !URL.canParse(`https://${host}`)) return undefined;
    const isPort = Number(port) > 0 && Number(port) < 65_536;
    const address = `${user}${host}${Number(port) === 22 ? '' : `:${Number(port)}`}`;
    return isPort && new URL(`https://${host}`).hostname === host ? address : undefined;
  },
};

/** An address that a policy compares others with: without a query and without parts that resolve to another path. */
export const sourceAddress: Rule<string> = {
  rule:
    'a source must be https://, ssh:// or oci:// with a host and a path of letters, digits and ._~:@/-, without ' +
    '"..", and without a password or token. Only ssh:// may have a user before the host. http:// is only for ' +
    'rehearsals on localhost, 127.0.0.1 and [::1]. A source also allows the addresses below it',
  example: 'https://github.com/octo-org',
  read: (text) => {
    const address = text.replace(/\/+$/, '');
    const good = /^(?:https|ssh|oci|http):\/\/[A-Za-z0-9[][\]A-Za-z0-9._~:@/-]*$/.test(address);
    if (!good || address.includes('..') || !URL.canParse(address)) return undefined;
    const { protocol, hostname, username, password } = new URL(address);
    if (password !== '' || (username !== '' && protocol !== 'ssh:')) return undefined;
    return protocol !== 'http:' || LOOPBACK.includes(hostname) ? address : undefined;
  },
};

/** The part of a registry's address that stands for the owner. */
export const OWNER_IN_ADDRESS = 'OWNER';

const REGISTRY_HOST = /^(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+|\[[0-9a-f:]+\])(?::\d{1,5})?$/;

/** A part of a repository's name in a registry, by the grammar of github.com/distribution/reference. */
export const isRegistryPart = (text: string): boolean =>
  /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/.test(text);

function readRegistry(text: string): string | undefined {
  const address = text.replace(/\/+$/, '');
  const [host = '', ...path] = address.replace(/^oci:\/\//, '').split('/');
  const good =
    address.startsWith('oci://') &&
    address.length <= 150 &&
    REGISTRY_HOST.test(host) &&
    URL.canParse(`https://${host}`) &&
    path.length > 0 &&
    path.every((part) => part === OWNER_IN_ADDRESS || isRegistryPart(part));
  return good ? address : undefined;
}

/** Where artifacts are. A tenant may use everything below it, so it has a path. */
export const registryUrl: Rule<string> = {
  rule:
    'a registry must be oci://, a host and a path, in lower case, with at most 150 characters and without a user, password, ' +
    'tag or digest. OWNER, in capital letters, may be a part of the path: it stands for the owner in lower case',
  special: (text) => {
    if (/^(?:https?|docker):\/\//i.test(text)) return 'a registry must start with oci://';
    const lower = text.toLowerCase();
    return lower !== text && readRegistry(lower) !== undefined
      ? 'OCI allows no capital letters in the name of a repository. Only OWNER may be there, which stands for the owner in lower case'
      : undefined;
  },
  example: 'oci://ghcr.io/octo-org',
  read: readRegistry,
};

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names */
export const priorityClass: Rule<string> = {
  rule: 'a priority class must have 1 to 253 lower-case letters, digits, hyphens and dots, and start and end with a letter or digit',
  example: 'batch-low',
  read: matching(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/),
};

/** A group as the cluster's authentication names it, such as a claim of an identity provider: almost any text. */
export const groupName: Rule<string> = {
  rule:
    'a group must have 1 to 256 printable characters without blanks at the start and the end, and must not start with ' +
    'system:, because Kubernetes uses such groups for its own components and for all users',
  example: 'octo-org:payments',
  read: (text) =>
    /^(?! )[^\p{C}\p{Zl}\p{Zp}]{1,256}(?<! )$/u.test(text) && !/^system:/i.test(text)
      ? text
      : undefined,
};

/** A kind of Kubernetes objects, as manifests name it. */
export const kindName: Rule<string> = {
  rule: 'a kind must be written as in a manifest: a capital letter, and at most 62 more letters and digits',
  example: 'StorageClass',
  read: matching(/^[A-Z][A-Za-z0-9]{0,62}$/),
};

/** git-check-ref-format(1), without the characters that have a meaning in a shell or in YAML. */
export const branchName: Rule<string> = {
  rule:
    'a branch must have 1 to 200 letters, digits and ./_+- and must be a name that git allows: no "..", no "//", ' +
    'no part that starts with a dot or ends in .lock, no hyphen at the start, no slash or dot at the end, not HEAD',
  example: 'main',
  read: matching(
    /^(?!-)[A-Za-z0-9._/+-]{1,200}$/,
    (text) =>
      text !== 'HEAD' &&
      !/\.\.|\.$/.test(text) &&
      text.split('/').every((part) => part !== '' && !/^\.|\.lock$/i.test(part)),
  ),
};

const SECOND = 1_000_000_000n;

/** A Go duration, returned as Go writes it. Below 30 s, polling would meet GitHub's rate limits. */
export const pollInterval: Rule<string> = {
  rule: 'an interval must be a Go duration with a unit (ms, s, m, h), from 30s to 8760h',
  example: '1m',
  read: (text) => {
    const length = parseDuration(text);
    if (length === undefined || length < 30n * SECOND || length > 8760n * 3600n * SECOND)
      return undefined;
    return formatDuration(length);
  },
};

const HOST = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const PATH = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const IMAGE = new RegExp(
  `^((?:(?:${HOST}(?:\\.${HOST})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?/)?${PATH}(?:/${PATH})*)` +
    '(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?' +
    '(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$',
);

/** An OCI image, by the grammar of github.com/distribution/reference. */
export const imageReference: Rule<string> = {
  rule:
    'an image must be [HOST[:PORT]/]PATH[:TAG][@DIGEST] with the path in lower case, as in ' +
    'github.com/distribution/reference',
  example: 'ghcr.io/wolcn/kcheck:1.0.2',
  read: (text) => {
    const name = text.length <= 600 ? IMAGE.exec(text)?.[1] : undefined;
    return name !== undefined && name.length <= 255 ? text : undefined;
  },
};

/** The tag of `image`, or undefined when it has none. */
export function imageTag(image: string): string | undefined {
  return IMAGE.exec(image)?.[2];
}

/** Deployment.spec.replicas is an int32. */
export const replicaCount: Rule<number> = {
  rule: 'replicas must be a whole number from 0 to 2147483647',
  example: '2',
  read: (text) =>
    /^(0|[1-9]\d{0,9})$/.test(text) && Number(text) < 2 ** 31 ? Number(text) : undefined,
};

/** A cluster has fewer than 3,000 node ports. */
export const serviceCount: Rule<number> = {
  rule: 'it must be a whole number from 0 to 1000',
  example: '1',
  read: (text) => (/^(0|[1-9]\d{0,2}|1000)$/.test(text) ? Number(text) : undefined),
};

/** The page's background. */
export const colour: Rule<string> = {
  rule: 'a colour must be an HTML colour name, or # and 3 to 8 hexadecimal digits',
  example: 'LightSteelBlue',
  read: matching(/^([A-Za-z]{2,40}|#[0-9A-Fa-f]{3,8})$/),
};

/** The text of the page. It becomes an environment variable, which can have any character except NUL. */
export const content: Rule<string> = {
  rule: 'a content must be a text of at most 4096 characters without NUL characters',
  example: '"Hello, GitOps"',
  read: (text) =>
    text.length <= 4096 && text.isWellFormed() && !text.includes('\0') ? text : undefined,
};

/** GitHub's rule for topics. */
export const topic: Rule<string> = {
  rule: 'a topic must have 1 to 50 lower-case letters, digits and hyphens, and start with a letter or digit',
  example: 'gitops',
  read: matching(/^[a-z0-9][a-z0-9-]{0,49}$/),
};

/** A folder on this machine. */
export const folder: Rule<string> = {
  rule: 'it must be the path of a folder, and must not be empty',
  example: './estate',
  read: (text) => (text !== '' && !text.includes('\0') ? text : undefined),
};

/** A file on this machine. */
export const file: Rule<string> = {
  rule: 'it must be the path of a file, and must not be empty',
  example: '~/credentials.yaml',
  read: folder.read,
};

/** A file for the findings of `verify`. */
export const sarifFile: Rule<string> = { ...file, example: 'verify.sarif' };

/** The ID of a GitHub App or of an installation. */
export const appId: Rule<string> = {
  rule: 'it must be a number, as the settings of the GitHub App show it',
  example: '123456',
  read: (text) => (/^[1-9]\d{0,15}$/.test(text) ? text : undefined),
};

const AGE_SECRET = /AGE-SECRET-KEY|AGE-PLUGIN/i;

/** The public half of an X25519 key of age. */
export const ageRecipient: Rule<string> = {
  rule: 'a recipient must be the public half of an age key, as age-keygen -y prints it: age1 and 58 lower-case letters and digits',
  special: (text) =>
    AGE_SECRET.test(text)
      ? 'this is the private half of an age key. Other users could read it in the arguments, so make a new key, and give its public half'
      : undefined,
  isSecret: (text) => AGE_SECRET.test(text),
  example: 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p',
  read: matching(/^age1[ac-hj-np-z02-9]{58}$/),
};

/** A context of the user's kubeconfig: kubectl allows almost every name. */
export const contextName: Rule<string> = {
  rule: 'a context must have the name of a context of kubectl: see kubectl config get-contexts',
  example: 'kind-flux',
  read: matching(/^[^\p{Cc}\s-][^\p{Cc}]{0,252}$/u),
};

/** Whether Kubernetes or Flux uses `namespace`. */
export function isReservedNamespace(namespace: string): boolean {
  return /^kube-/.test(namespace) || ['default', 'flux-system'].includes(namespace);
}

const NANOSECONDS = {
  h: 3_600_000_000_000n,
  m: 60_000_000_000n,
  s: 1_000_000_000n,
  ms: 1_000_000n,
};

/**
 * The nanoseconds of a Go duration in the units that Flux accepts (`h`, `m`, `s`, `ms`), or
 * undefined. Pattern of the Flux CRDs: `^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`.
 */
export function parseDuration(text: string): bigint | undefined {
  if (!/^(\d{1,12}(\.\d{1,9})?(ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0n;
  for (const [, whole = '', fraction = '', unit] of text.matchAll(/(\d+)(?:\.(\d+))?(ms|s|m|h)/g)) {
    const size = NANOSECONDS[unit as keyof typeof NANOSECONDS];
    total += (BigInt(whole + fraction) * size) / 10n ** BigInt(fraction.length);
  }
  return total;
}

/** `nanoseconds`, one second or more, as Go's Duration.String writes them: `1m0s`, `1h0m0s`. */
export function formatDuration(nanoseconds: bigint): string {
  const hours = nanoseconds / NANOSECONDS.h;
  const minutes = (nanoseconds % NANOSECONDS.h) / NANOSECONDS.m;
  const rest = nanoseconds % NANOSECONDS.m;
  const fraction = String(rest % NANOSECONDS.s)
    .padStart(9, '0')
    .replace(/0+$/, '');
  const seconds = `${rest / NANOSECONDS.s}${fraction && `.${fraction}`}s`;
  if (hours > 0n) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0n ? `${minutes}m${seconds}` : seconds;
}
