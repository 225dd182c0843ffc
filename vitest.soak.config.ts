import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

// Long fuzz and repeats: the same tests as in `npm test`, with more cases. Not part of CI.
process.env['ROLLCALL_FUZZ_CASES'] ??= '20000';

export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['{packages,apps}/*/src/**/*fuzz.test.ts'],
    testTimeout: 1_200_000,
  },
});
