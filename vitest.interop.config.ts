import { configDefaults, defineConfig } from 'vitest/config';

const everything = [
  'test/interop/**/*.test.ts',
  '{packages,apps}/*/src/**/*.interop.test.ts',
  'test/faults/**/*.interop.test.ts',
];
/** Many processes each, some of which are stopped, or measured. */
const alone = [
  'test/interop/fleet/**/*.test.ts',
  'test/faults/**/*.interop.test.ts',
  'packages/directory-redis/src/*fault*.interop.test.ts',
];

// Against clients and networks we did not write; needs the Debian packages of .ci/install-interop-packages. And what would
// make `npm test` too long: the memory of an adapter with a long journal.
export default defineConfig({
  test: {
    pool: 'forks',
    // What is waited for comes; how long it takes depends on how busy the machine is, and is no failure.
    testTimeout: 300_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 30_000 } },
    projects: [
      {
        extends: true,
        // Most of their time is waiting. Each has servers of its own, at ports from the kernel.
        test: {
          name: 'together',
          include: everything,
          exclude: [...configDefaults.exclude, ...alone],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: alone, fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
