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
  ? 'In this clone, npm installs a newer one and uses it for `npm start`, `npm test` and `npm exec -- flux-gitops`.\n' +
    'If it is missing (npm ci --ignore-scripts does not install it), run: npm rebuild node --ignore-scripts=false'
  : 'npx can use a newer one: add `--package node@24` before the other `--package`.\n' +
    'Or install a newer one: https://nodejs.org/en/download';

/** The message that the running Node.js is too old, with the remedy. */
export const tooOld = (who) =>
  `${who} needs Node.js 22.18 or newer, but this is Node.js ${process.versions.node}.\n${remedy}`;
