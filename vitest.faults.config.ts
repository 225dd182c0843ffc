import { configDefaults, defineConfig } from 'vitest/config';

// Processes that are killed, stopped and lied to, on built code: `run:verify` builds first. Never cached.
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    // They are long: vitest.faults-soak.config.ts.
    exclude: [...configDefaults.exclude, '**/*.soak.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
