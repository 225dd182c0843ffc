import { defineConfig } from 'vitest/config';

// Against clients and networks we did not write; needs the Debian packages of .ci/install-interop-packages. And what would
// make `npm test` too long: the memory of an adapter with a long journal.
export default defineConfig({
  test: {
    include: [
      'test/interop/**/*.test.ts',
      '{packages,apps}/*/src/**/*.interop.test.ts',
      'test/faults/**/*.interop.test.ts',
    ],
    pool: 'forks',
    fileParallelism: false,
    // What is waited for comes; how long it takes depends on how busy the machine is, and is no failure.
    testTimeout: 300_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
