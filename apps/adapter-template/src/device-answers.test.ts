import type { DisconnectedChange } from '@rollcall/core/tracker';
import { expect, test } from 'vitest';
import { endAnswer, uploadAnswer } from './device-answers.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

test('an upload is answered with its outcome', () => {
  expect(uploadAnswer({ status: 'accepted' })).toEqual(bytes('ok\n'));
  const failure = { status: 503, text: 'no consumer' } as const;
  expect(uploadAnswer({ status: 'failed', failure, terminal: false })).toEqual(
    bytes('error 503 no consumer\n'),
  );
});

test('a text with line feeds is one answer', () => {
  const failure = { status: 503, text: 'no\r\nok\nconsumer' } as const;
  expect(uploadAnswer({ status: 'failed', failure, terminal: false })).toEqual(
    bytes('error 503 no ok consumer\n'),
  );
});

const ended = (change: Pick<DisconnectedChange, 'reason' | 'raw'>): DisconnectedChange =>
  ({ type: 'disconnected', clean: false, ...change }) as DisconnectedChange;

test.each(['client-closed', 'connection-lost', 'protocol-error'] as const)(
  'a device that ended its connection itself (%s) gets no last answer',
  (reason) => expect(endAnswer(ended({ reason }))).toBeUndefined(),
);

test('a device whose connection the adapter ends hears why', () => {
  expect(endAnswer(ended({ reason: 'adapter-shutdown' }))).toEqual(bytes('error adapter-shutdown\n'));
  expect(endAnswer(ended({ reason: 'access-revoked', raw: { text: 'gone' } }))).toEqual(
    bytes('error gone\n'),
  );
});
