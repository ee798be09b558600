// Fails with a remedy if the Node.js of npm scripts is too old. It is old JavaScript, so that an old Node.js can run it.
import { isNewEnough, tooOld } from '../bin/node-version.js';

if (!isNewEnough(process.versions.node)) {
  console.error(tooOld('generator-flux-gitops'));
  process.exitCode = 1;
}
