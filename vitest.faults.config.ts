import { configDefaults, defineConfig } from 'vitest/config';

// Processes that are killed, stopped and lied to, on built code: `run:verify` builds first. Never cached.
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    // They need software of others, or much processor time, or long: vitest.interop.config.ts, vitest.faults-soak.config.ts.
    exclude: [...configDefaults.exclude, '**/*.interop.test.ts', '**/*.soak.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    // What is waited for comes; how long it takes depends on how busy the machine is, and is no failure.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    expect: { poll: { timeout: 300_000 } },
  },
});
