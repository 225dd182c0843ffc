import type { UploadResult } from '@rollcall/adapter-kit';
import { expect, test } from 'vitest';
import { answerUpload } from './answer-upload.ts';

const accepted: UploadResult = { status: 'accepted' };
const failed = (status: 400 | 403 | 404 | 429 | 503, terminal = false): UploadResult => ({
  status: 'failed',
  failure: { status, text: 'why' },
  terminal,
});
const protocolError = { reason: 'protocol-error', code: 0x82 } as const;
const text = 'why';

test.each([
  ['accepted, QoS 1', accepted, 1, 4, undefined, { acknowledge: 0 }],
  ['accepted, QoS 0', accepted, 0, 4, undefined, {}],
  ['network away, QoS 0: lost, as QoS 0 may be', failed(503), 0, 4, undefined, {}],
  [
    'network away, QoS 1, 3.1.1: no PUBACK, and closed',
    failed(503),
    1,
    4,
    undefined,
    { text, close: { reason: 'unspecified', code: 0x80 } },
  ],
  ['network away, QoS 1, 5.0: refused', failed(503), 1, 5, undefined, { acknowledge: 0x80, text }],
  [
    'network away, QoS 1, 5.0, on-error=disconnect',
    failed(503),
    1,
    5,
    'disconnect',
    { text, close: { reason: 'unspecified', code: 0x80 } },
  ],
  ['bad request', failed(400), 1, 5, undefined, { text, close: protocolError }],
  ['bad request, QoS 0', failed(400), 0, 4, undefined, { text, close: protocolError }],
  ['bad request, on-error=default', failed(400), 1, 5, 'default', { text, close: protocolError }],
  ['bad request, on-error=ignore, QoS 1', failed(400), 1, 4, 'ignore', { acknowledge: 0x80, text }],
  ['bad request, on-error=ignore, QoS 0', failed(400), 0, 4, 'ignore', {}],
  ['bad request, on-error=skip-ack', failed(400), 1, 5, 'skip-ack', {}],
  ['unknown topic', failed(404), 1, 5, undefined, { text, close: { reason: 'protocol-error', code: 0x90 } }],
  ['foreign tenant', failed(403), 1, 5, undefined, { text, close: { reason: 'unspecified', code: 0x87 } }],
  [
    'too many messages',
    failed(429),
    1,
    5,
    undefined,
    { text, close: { reason: 'limit-exceeded', code: 0x96 } },
  ],
  [
    'access ended, whatever on-error says',
    failed(404, true),
    1,
    5,
    'ignore',
    { text, close: { reason: 'access-revoked', code: 0x87 } },
  ],
] as const)('%s', (_what, result, qos, version, onError, expected) => {
  expect(answerUpload(result, { qos, version, onError })).toEqual(expected);
});
