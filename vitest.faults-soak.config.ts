import { configDefaults, defineConfig } from 'vitest/config';
import base from './vitest.faults.config.ts';

// The same faults, larger and longer. Not part of CI.
process.env['ROLLCALL_FAULTS'] ??= 'soak';

export default defineConfig({
  ...base,
  test: { ...base.test, exclude: configDefaults.exclude, testTimeout: 2_400_000 },
});
