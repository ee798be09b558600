/** A word YAML 1.1 (the Kubernetes parsers) or 1.2 reads as a boolean, null or number. */
const RESERVED = /^(?:y|yes|n|no|on|off|true|false|null|nan|inf|[eE][\d_+-]*)$/i;
/** Starts with a letter, or is a relative path; a colon only with a character glued to it. */
const PLAIN = /^(?:\.\/)?[A-Za-z](?:[\w./@+-]|:(?=[\w./]))*$/;
/** A Go duration as Go writes it: no YAML version reads `1m0s` as a number. */
const DURATION = /^(?:\d+h)?(?:\d+m)?\d+s$/;

/**
 * `value` as one YAML flow scalar (or flow collection) that every YAML 1.1 and 1.2 parser reads
 * back as `value`. Throws a TypeError for undefined, null and text that is not well-formed Unicode.
 */
export function yamlScalar(value: unknown): string {
  if (value === undefined || value === null) throw new TypeError(`${value} in a template`);
  if (typeof value !== 'string') return escapeJson(JSON.stringify(value));
  if (!value.isWellFormed()) throw new TypeError('a lone surrogate in a template');
  const plain = (PLAIN.test(value) && !RESERVED.test(value)) || DURATION.test(value);
  return plain ? value : escapeJson(JSON.stringify(value));
}

// JSON is YAML's flow style, but JSON leaves characters unescaped that YAML does not allow or folds.
const escapeJson = (json: string): string =>
  json.replace(
    /[\u007f-\u009f\u00a0\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** `value` unchanged, for text without a syntax. Throws a TypeError for undefined and null. */
export function plainText(value: unknown): string {
  if (value === undefined || value === null) throw new TypeError(`${value} in a template`);
  return String(value);
}

/**
 * `value` as a quoted string of HCL, Terraform's language, which reads it back as `value`. Throws a
 * TypeError for anything but well-formed text.
 */
export function hclString(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`${typeof value} in a template of HCL`);
  if (!value.isWellFormed()) throw new TypeError('a lone surrogate in a template');
  // Of JSON's short escapes, HCL knows \n, \r, \t, \" and \\. ${ and %{ start a template in HCL.
  return JSON.stringify(value)
    .replace(/\\(.)/g, (short, letter: string) => LONG[letter] ?? short)
    .replace(/[$%](?=\{)/g, (sign) => (sign === '$' ? '\\u0024' : '\\u0025'));
}

const LONG: Readonly<Record<string, string>> = { b: '\\u0008', f: '\\u000c' };

/** `word` as one word of a POSIX shell, quoted only if necessary. */
export function shellWord(word: string): string {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) && !/^-?=/.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** `words` as a command line of a POSIX shell. */
export function shellCommand(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}
