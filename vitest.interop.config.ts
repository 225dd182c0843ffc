import { configDefaults, defineConfig } from 'vitest/config';
import { longestFirst } from './test/longest-first.ts';

const everything = [
  'test/interop/**/*.test.ts',
  '{packages,apps}/*/src/**/*.interop.test.ts',
  'test/faults/**/*.interop.test.ts',
];
/** Adapters that take one another for dead after some seconds: they run beside one another, not beside what others wrote. */
export const fleets = [
  'test/interop/fleet/**/*.test.ts',
  'packages/directory-redis/src/*fault*.interop.test.ts',
];

// Against clients and networks we did not write; needs the Debian packages of .ci/install-interop-packages. And what would
// make `npm test` too long: the memory of an adapter with a long journal.
export default defineConfig({
  test: {
    pool: 'forks',
    // What is waited for comes; how long it takes depends on how busy the machine is, and is no failure.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 240_000 } },
    maxWorkers: 2,
    sequence: {
      sequencer: longestFirst([
        'src/redis-directory.interop',
        'presence/src/store/postgres/postgres-store.interop',
        'interop/presence-page',
        'src/unwilling-engine.interop',
        'fleet/worse-lease-faults',
        'fleet/fleet-faults',
        'fleet/worse-faults',
        'fleet/leases',
        'fleet/second-signal',
      ]),
    },
    projects: [
      {
        extends: true,
        // Most of their time is waiting. Each has servers of its own, at ports from the kernel.
        test: {
          name: 'others',
          include: everything,
          exclude: [...configDefaults.exclude, ...fleets],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'fleets', include: fleets, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
