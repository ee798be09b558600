// `node scripts/check-node.js`: fails with a remedy when npm scripts would run on a Node.js that is too old.
// With `installed` (after npm ci) it fails never, and explains which Node.js the scripts use.
import { isNewEnough, tooOld } from '../bin/node-version.js';

const [, own = process.versions.node] =
  /\bnode\/v(\S+)/.exec(process.env.npm_config_user_agent || '') || [];
const installed = process.argv[2] === 'installed';

if (!isNewEnough(process.versions.node)) {
  console.error(tooOld('generator-flux-gitops'));
  process.exitCode = installed ? 0 : 1;
} else if (installed && !isNewEnough(own)) {
  console.error(
    `Your Node.js is ${own}. That is fine: npm installed Node.js ${process.versions.node} for the scripts of this clone.`,
  );
}
