// Old JavaScript, so that an old Node.js can print the message.
import { existsSync } from 'node:fs';

/** Whether this package runs on the Node.js `version`, such as 22.18.0. */
export function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 18);
}

/** Only a checkout has the sources. */
const isCheckout = existsSync(new URL('../lib/command-line.ts', import.meta.url));

/** The remedy for a Node.js that is too old. */
export const remedy = isCheckout
  ? 'Run this in the clone: npm rebuild node --ignore-scripts=false\n' +
    'It fetches the newer Node.js that `npm start`, `npm test` and `npm exec -- flux-gitops` use.'
  : 'npx can bring a newer one: add `--package node@24` to it, before the other `--package`.\n' +
    'Or install one: https://nodejs.org/en/download';

/** The message that the running Node.js is too old, with the remedy. */
export const tooOld = (who) =>
  `${who} needs Node.js 22.18 or newer, but this is Node.js ${process.versions.node}.\n${remedy}`;
