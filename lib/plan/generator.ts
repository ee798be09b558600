import packageJson from '#package.json' with { type: 'json' };

/**
 * This package, as generated READMEs name it. Until it is on npm, people run it from a clone. Set `onNpm` at the first
 * release on npm (RELEASING.md).
 */
const { version } = packageJson;
export const GENERATOR = {
  version,
  onNpm: false,
  docs: `https://github.com/wolcn/generator-flux-gitops/blob/v${version}/docs`,
} as const;
