import { expect, test } from 'vitest';
import { hideSqliteWarning } from './hide-sqlite-warning.ts';

test('that SQLite is experimental is not told; every other warning is, as it came', () => {
  const told: (readonly unknown[])[] = [];
  const of = { emitWarning: (...args: readonly unknown[]) => void told.push(args) };
  hideSqliteWarning(of);
  const others = [
    ['SQLite is gone', 'DeprecationWarning'],
    ['Another feature is an experimental feature', 'ExperimentalWarning', 'CODE'],
    [new Error('SQLite is an experimental feature'), undefined],
    ['a text alone'],
  ] as const;
  of.emitWarning('SQLite is an experimental feature and might change at any time', 'ExperimentalWarning');
  for (const args of others) of.emitWarning(...args);
  expect(told).toEqual(others);
});
