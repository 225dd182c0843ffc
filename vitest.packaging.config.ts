import { defineConfig } from 'vitest/config';
import e2e from './vitest.e2e.config.ts';

// What is published starts where nothing else is, and a generated adapter passes all checks: part of `.ci/run`, too long for `npm test`.
export default defineConfig({ ...e2e, test: { ...e2e.test, include: ['test/e2e/**/*.packaging.test.ts'] } });
