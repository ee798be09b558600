// Fails with a remedy when npm scripts would run on a Node.js that is too old for them. Plain JavaScript of old.
import { isNewEnough, tooOld } from '../bin/node-version.js';

if (!isNewEnough(process.versions.node)) {
  console.error(tooOld('generator-flux-gitops'));
  process.exitCode = 1;
}
