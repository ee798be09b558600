/**
 * `value` as a quoted string of HCL, Terraform's language, which reads it back as `value`: JSON's
 * escapes, with the two starts of a template doubled. Throws a TypeError for anything but text.
 */
export function hclString(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`${typeof value} in a template of HCL`);
  if (!value.isWellFormed()) throw new TypeError('a lone surrogate in a template');
  // HCL knows \n, \r, \t, \" and \\ of JSON's short escapes, not \b and \f.
  const json = JSON.stringify(value).replace(/\\(.)/g, (short, letter) => SHORT[letter] ?? short);
  return json.replace(/([$%])\{/g, '$1$1{');
}

const SHORT: Readonly<Record<string, string>> = { b: '\\u0008', f: '\\u000c' };
