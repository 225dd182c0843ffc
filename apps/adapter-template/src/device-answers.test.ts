import type { DisconnectedChange } from '@rollcall/core';
import { expect, test } from 'vitest';
import { endLine, uploadLine } from './device-answers.ts';

test('an upload is answered with its outcome', () => {
  expect(uploadLine({ status: 'accepted' })).toBe('ok');
  const failure = { status: 503, text: 'no consumer' } as const;
  expect(uploadLine({ status: 'failed', failure, terminal: false })).toBe('error 503 no consumer');
});

const ended = (change: Pick<DisconnectedChange, 'reason' | 'raw'>): DisconnectedChange =>
  ({ type: 'disconnected', clean: false, ...change }) as DisconnectedChange;

test.each(['client-closed', 'connection-lost', 'protocol-error'] as const)(
  'a device that ended its connection itself (%s) gets no last line',
  (reason) => expect(endLine(ended({ reason }))).toBeUndefined(),
);

test('a device whose connection the adapter ends hears why', () => {
  expect(endLine(ended({ reason: 'adapter-shutdown' }))).toBe('error adapter-shutdown');
  expect(endLine(ended({ reason: 'access-revoked', raw: { text: 'gone' } }))).toBe('error gone');
});
