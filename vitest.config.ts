import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';

// Threads and processes that tests start load the same few sources again and again: what one has compiled, the next need not.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/compiled');

export default defineConfig({
  test: {
    // Tests run on the TypeScript sources of every workspace package (no build needed): see "@rollcall/source" in exports. Node.js itself
    // loads them, and strips their types: a sixth of the processor time less than where Vite transforms each module.
    // Young objects get room from the start: a seventh of the processor time went into collecting them again and again.
    // Collecting them with several threads costs more than it saves while every processor has a test to run.
    execArgv: [
      '--conditions=@rollcall/source',
      '--min-semi-space-size=16',
      '--max-semi-space-size=64',
      '--single-threaded-gc',
    ],
    experimental: { viteModuleRunner: false },
    include: ['{packages,apps}/*/src/**/*.test.ts', 'scripts/**/*.test.ts', 'docs/examples/*.test.ts'],
    // They need software of others, or long: vitest.interop.config.ts, vitest.soak.config.ts.
    exclude: [...configDefaults.exclude, '**/*.interop.test.ts', '**/*.soak.test.ts'],
    // Not threads: what is tested starts threads itself, and Node.js may crash where those of a thread are ended on a busy machine.
    // The second is for scripts/failed-tests.mjs.
    reporters: ['default', ['json', { outputFile: 'node_modules/.cache/tests/unit.json' }]],
    // What the libraries of a test that passes print says nothing to anyone.
    silent: 'passed-only',
    pool: 'forks',
    isolate: false,
    // Vitest leaves one processor alone. Of two both are used. More workers than processors would only push each other out of the
    // caches: tests of processes run at the same time, and use what these leave.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Those of one file that may run at the same time only wait.
    maxConcurrency: 50,
    // What is waited for comes; how long it takes depends on how busy the machine is, and is no failure.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 120_000 } },
  },
});
