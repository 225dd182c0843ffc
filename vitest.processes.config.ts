import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { longestFirst } from './test/longest-first.ts';
import faults from './vitest.faults.config.ts';

// Some two hundred processes of the same few programs are started: what one has compiled, the next need not.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/compiled');

// End-to-end and fault tests together, on built code: most of their time is spent waiting, so more files than processors run at a time.
export default defineConfig({
  ...faults,
  test: {
    ...faults.test,
    include: ['test/{e2e,faults}/**/*.test.ts'],
    // Those of what is published or generated are in vitest.packaging.config.ts.
    exclude: [...(faults.test?.exclude ?? []), '**/*.packaging.test.ts'],
    // The second is for scripts/failed-tests.mjs.
    reporters: ['default', ['json', { outputFile: 'node_modules/.cache/tests/processes.json' }]],
    fileParallelism: true,
    // To ask costs those who are asked.
    expect: { poll: { ...faults.test?.expect?.poll, interval: 200 } },
    // As in vitest.config.ts: Node.js itself loads the tests, what one file has loaded the next need not, and nobody collects young
    // objects again and again, with several threads.
    experimental: { viteModuleRunner: false },
    isolate: false,
    execArgv: ['--min-semi-space-size=16', '--max-semi-space-size=64', '--single-threaded-gc'],
    maxWorkers: Math.min(8, Math.ceil(1.5 * Math.max(2, availableParallelism()))),
    // By how long they take.
    sequence: {
      sequencer: longestFirst([
        'e2e/up',
        'faults/journal',
        'faults/network',
        'e2e/documented-commands',
        'faults/adapter',
        'faults/coap',
        'faults/lives',
        'e2e/certificates',
      ]),
    },
  },
});
