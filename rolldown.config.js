// The published package has its JavaScript in a few files, because loading many small files would take most of a run.
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
  // Dependencies, Node's modules and #package.json stay imports.
  external: /^[^./]/,
  output: {
    dir: 'dist',
    format: 'esm',
    chunkFileNames: 'chunks/[name].js',
    // Two files: what a completion loads, and what an ordinary run loads besides. Otherwise there is a file for each set of
    // commands that share some modules.
    codeSplitting: {
      groups: [
        { name: 'completion', test: /\/lib\/(completion|terminal|cancel)\.ts$/, priority: 2 },
        { name: 'run', test: /\/lib\/(run|report|actions)\.ts$/, priority: 1 },
      ],
    },
  },
});
