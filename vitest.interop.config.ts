import { defineConfig } from 'vitest/config';

// Against clients and networks we did not write; needs the Debian packages of .ci/install-interop-packages.
export default defineConfig({
  test: {
    include: ['test/interop/**/*.test.ts', '{packages,apps}/*/src/**/*.interop.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
