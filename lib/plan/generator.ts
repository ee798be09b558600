import packageJson from '#package.json' with { type: 'json' };

/**
 * This package, as generated READMEs name it. Until it is on npm, people run it from a clone. Set `onNpm` at the first
 * release on npm (RELEASING.md).
 */
export const GENERATOR = { version: packageJson.version, onNpm: false } as const;
