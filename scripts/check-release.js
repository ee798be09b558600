// `node scripts/check-release.js v0.2.0`: fails unless the package, the lock file, the changelog and the README have the
// version of the tag. The publish workflow runs it first.
import { readFileSync } from 'node:fs';

const read = (name) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const tag = process.argv[2] || '';
const { version } = JSON.parse(read('package.json'));
const problems = [
  [tag === `v${version}`, `The tag is "${tag}", but package.json has the version ${version}.`],
  [
    JSON.parse(read('package-lock.json')).version === version,
    `package-lock.json does not have the version ${version}. Run npm install --package-lock-only.`,
  ],
  [
    new RegExp(`^## ${version.replaceAll('.', '\\.')} - \\d{4}-\\d{2}-\\d{2}$`, 'm').test(
      read('CHANGELOG.md'),
    ),
    `CHANGELOG.md has no line "## ${version} - YEAR-MONTH-DAY".`,
  ],
]
  .filter(([holds]) => !holds)
  .map(([, problem]) => problem);

for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
