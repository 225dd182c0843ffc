import { configDefaults, defineConfig } from 'vitest/config';
import base, { fleets } from './vitest.interop.config.ts';

// The faults of a fleet, larger and longer. Not part of CI.
process.env['ROLLCALL_FAULTS'] ??= 'soak';

const { projects: _, ...test } = base.test ?? {};

export default defineConfig({
  test: { ...test, include: fleets, exclude: configDefaults.exclude, testTimeout: 2_400_000 },
});
