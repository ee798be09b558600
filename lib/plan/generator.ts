import packageJson from '#package.json' with { type: 'json' };

/**
 * This package, as generated READMEs name it. Until it is on npm, people run it from a clone: `onNpm` is what changes at
 * the first release there (RELEASING.md).
 */
const { version } = packageJson;
export const GENERATOR = {
  version,
  onNpm: false,
  docs: `https://github.com/wolcn/generator-flux-gitops/blob/v${version}/docs`,
} as const;
