import { expect, test } from 'vitest';
import { identityIn, isAnother } from './journal-facts.ts';

const used = { ino: 7n, birthtimeNs: 1_000n, ctimeNs: 2_000n };

test.each([
  ['a copy in its place', { ...used, ino: 8n }],
  ['a copy that got the number of a file that is gone', { ...used, birthtimeNs: 1_500n }],
])('another file: %s', (_what, now) => {
  expect(isAnother(identityIn(used), identityIn(now))).toBe(true);
});

test.each([
  ['it was written since', used, { ...used, ctimeNs: 9_000n }],
  ['it was new', { ...used, ctimeNs: 1_000n }, { ...used, ctimeNs: 9_000n }],
  [
    'nobody knows when it was made',
    { ...used, birthtimeNs: 0n },
    { ...used, birthtimeNs: 0n, ctimeNs: 9_000n },
  ],
  [
    'the time of its latest change stands for the time when it was made',
    { ...used, birthtimeNs: 2_000n },
    { ...used, birthtimeNs: 9_000n, ctimeNs: 9_000n },
  ],
])('the same file: %s', (_what, before, now) => {
  expect(isAnother(identityIn(before), identityIn(now))).toBe(false);
});
