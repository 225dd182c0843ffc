import type { UploadResult } from '@rollcall/uplink';
import { expect, test } from 'vitest';
import { answerUpload, disconnectCode } from './device-answers.ts';

const accepted: UploadResult = { status: 'accepted' };
const failed = (status: 400 | 403 | 404 | 429 | 503, terminal = false): UploadResult => ({
  status: 'failed',
  failure: { status, text: 'why' },
  terminal,
});
const text = 'why';
const refused = (code: number) =>
  ({ text, close: { reason: 'upload-refused', raw: { code, text } } }) as const;

test.each([
  ['accepted, QoS 1', accepted, 1, 4, undefined, { acknowledge: 0 }],
  ['accepted, QoS 0', accepted, 0, 4, undefined, {}],
  ['network away, QoS 0: lost, as QoS 0 may be', failed(503), 0, 4, undefined, {}],
  ['network away, QoS 1, 3.1.1: no PUBACK, and closed', failed(503), 1, 4, undefined, refused(503)],
  ['network away, QoS 1, 5.0: refused', failed(503), 1, 5, undefined, { acknowledge: 0x80, text }],
  ['network away, QoS 1, 5.0, on-error=disconnect', failed(503), 1, 5, 'disconnect', refused(503)],
  ['bad request', failed(400), 1, 5, undefined, { acknowledge: 0x83, text }],
  ['bad request, 3.1.1', failed(400), 1, 4, undefined, refused(400)],
  ['bad request, QoS 0', failed(400), 0, 5, undefined, refused(400)],
  ['bad request, on-error=default', failed(400), 1, 5, 'default', { acknowledge: 0x83, text }],
  ['bad request, on-error=ignore, QoS 1', failed(400), 1, 4, 'ignore', { acknowledge: 0x83, text }],
  ['bad request, on-error=ignore, QoS 0', failed(400), 0, 4, 'ignore', {}],
  ['bad request, on-error=skip-ack', failed(400), 1, 5, 'skip-ack', {}],
  ['unknown topic', failed(404), 1, 5, undefined, { acknowledge: 0x90, text }],
  ['foreign tenant', failed(403), 1, 5, undefined, { acknowledge: 0x87, text }],
  ['too many messages', failed(429), 1, 5, undefined, { acknowledge: 0x97, text }],
  [
    'too many messages, QoS 0',
    failed(429),
    0,
    5,
    undefined,
    { text, close: { reason: 'limit-exceeded', raw: { code: 0x96, text } } },
  ],
  [
    'access ended, whatever on-error says',
    failed(404, true),
    1,
    5,
    'ignore',
    { text, close: { reason: 'access-revoked', raw: { code: 0x87, text } } },
  ],
] as const)('the answer to an upload: %s', (_what, result, qos, version, onError, expected) => {
  expect(answerUpload(result, { qos, version, onError, isTold: false })).toEqual(expected);
});

test.each([
  ['QoS 1, 3.1.1: PUBACK, and it stays', failed(400), 1, 4, undefined, { acknowledge: 0x83, text }],
  ['QoS 1, 5.0', failed(503), 1, 5, 'default', { acknowledge: 0x80, text }],
  ['QoS 0: it stays', failed(403), 0, 4, undefined, {}],
  ['on-error that is unknown is the default', failed(403), 0, 4, 'IGNORE', {}],
  ['on-error=skip-ack', failed(400), 1, 4, 'skip-ack', {}],
  ['on-error=disconnect', failed(400), 1, 4, 'disconnect', refused(400)],
  [
    'its access ended',
    failed(403, true),
    1,
    4,
    'ignore',
    { text, close: { reason: 'access-revoked', raw: { code: 0x87, text } } },
  ],
] as const)(
  'the answer to a device that subscribed to error messages: %s',
  (_what, result, qos, version, onError, expected) => {
    expect(answerUpload(result, { qos, version, onError, isTold: true })).toEqual(expected);
  },
);

test.each([
  [400, 0x83],
  [403, 0x87],
  [404, 0x90],
  [413, 0x95],
  [503, 0x80],
])(
  'a device that is disconnected because its upload had status %i gets the reason code %i',
  (status, code) => {
    expect(disconnectCode(status)).toBe(code);
  },
);
