// The published package holds JavaScript in a few files: loading many small ones takes most of a run.
import { readdirSync } from 'node:fs';
import { defineConfig } from 'rolldown';

const generators = readdirSync('generators');

export default defineConfig({
  input: {
    'command-line': 'lib/command-line.ts',
    ...Object.fromEntries(
      generators.map((name) => [`generators/${name}/index`, `generators/${name}/index.ts`]),
    ),
  },
  platform: 'node',
  // Dependencies, Node's own modules and #package.json stay imports.
  external: /^[^./]/,
  output: { dir: 'dist', format: 'esm', chunkFileNames: 'chunks/[name].js' },
});
