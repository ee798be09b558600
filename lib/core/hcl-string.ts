/**
 * `value` as a quoted string of HCL, Terraform's language, which reads it back as `value`. Throws a
 * TypeError for anything but well-formed text.
 */
export function hclString(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`${typeof value} in a template of HCL`);
  if (!value.isWellFormed()) throw new TypeError('a lone surrogate in a template');
  // HCL knows \n, \r, \t, \" and \\ of JSON's short escapes, and begins a template with ${ or %{.
  return JSON.stringify(value)
    .replace(/\\(.)/g, (short, letter: string) => LONG[letter] ?? short)
    .replace(/[$%](?=\{)/g, (sign) => (sign === '$' ? '\\u0024' : '\\u0025'));
}

const LONG: Readonly<Record<string, string>> = { b: '\\u0008', f: '\\u000c' };
