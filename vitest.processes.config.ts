import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import faults from './vitest.faults.config.ts';

// Some two hundred processes of the same few programs are started: what one has compiled, the next need not.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/compiled');

/** Those that take longest, by what they cost: a long one that begins last would keep everybody waiting. */
const beginFirst = [
  'e2e/new-adapter',
  'faults/journal',
  'faults/network',
  'faults/adapter',
  'e2e/up',
  'faults/coap',
  'e2e/documented-commands',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = beginFirst.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return found === -1 ? beginFirst.length : found;
    };
    // oxlint-disable-next-line unicorn/no-array-sort -- it is the sequencer's
    const usual = await super.sort(files);
    return usual.toSorted((one, other) => place(one) - place(other));
  }
}

// End-to-end and fault tests together, on built code: most of their time is spent waiting, so more files than processors run at a time.
export default defineConfig({
  ...faults,
  test: {
    ...faults.test,
    include: ['test/{e2e,faults}/**/*.test.ts'],
    // The second is for scripts/failed-tests.mjs.
    reporters: ['default', ['json', { outputFile: 'node_modules/.cache/tests/processes.json' }]],
    fileParallelism: true,
    maxWorkers: Math.min(8, 2 * Math.max(2, availableParallelism())),
    sequence: { sequencer: LongestFirst },
  },
});
