import { defineConfig } from 'vitest/config';
import faults from './vitest.faults.config.ts';

// End-to-end and fault tests together, on built code: most of their time is spent waiting, so three files run at a time.
export default defineConfig({
  ...faults,
  test: {
    ...faults.test,
    include: ['test/{e2e,faults}/**/*.test.ts'],
    fileParallelism: true,
    maxWorkers: 3,
  },
});
