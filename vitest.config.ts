import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

// Tests run on the TypeScript sources of every workspace package (no build needed): see "@rollcall/source" in exports.
const conditions = ['@rollcall/source', 'node', 'import', 'default'];

export default defineConfig({
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['{packages,apps}/*/src/**/*.test.ts', 'scripts/**/*.test.ts', 'docs/examples/*.test.ts'],
    // They need software of others, or long: vitest.interop.config.ts, vitest.soak.config.ts.
    exclude: [...configDefaults.exclude, '**/*.interop.test.ts', '**/*.soak.test.ts'],
    pool: 'threads',
    isolate: false,
    // Vitest leaves one processor alone; of two, both are used.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Those of one file that may run at the same time only wait.
    maxConcurrency: 50,
    // What is waited for comes; how long it takes depends on how busy the machine is, and is no failure.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
