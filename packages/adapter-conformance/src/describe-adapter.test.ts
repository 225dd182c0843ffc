import { once } from 'node:events';
import { connect } from 'node:net';
import { scriptedPassword } from '@rollcall/conformance/registry';
import { describe, expect, test } from 'vitest';
import type { AdapterHarness } from './adapter-harness.ts';
import { describeAdapter } from './describe-adapter.ts';
import { omissionOf, type DeviceBytes } from './device-bytes.ts';
import { createLineAdapter, silenceMs, type LineProtocol } from './testing/line-adapter.ts';

const lines = (...said: readonly string[]): Uint8Array =>
  Buffer.from(said.map((line) => `${line}\n`).join(''));
const hello = `thermostat-7@acme ${scriptedPassword} unit-1`;

function bytesOf({ goodbye }: LineProtocol): DeviceBytes {
  return {
    login: lines(hello),
    heard: (answer) => Buffer.from(answer).includes('yes\n'),
    upload: () => lines('up'),
    sign: lines('here'),
    broken: lines('nonsense'),
    ...(goodbye && { goodbye: lines('bye') }),
    atOnce: { bytes: lines(hello, 'up', 'up', ...(goodbye ? ['bye'] : [])), uploads: 2 },
  };
}

function harnessOf(protocol: LineProtocol): AdapterHarness {
  return {
    silenceMs,
    bytes: bytesOf(protocol),
    createAdapter: (limits) => createLineAdapter(protocol, limits),
    temporary: 'later\n',
    ...(!protocol.goodbye && { cannot: ['leave'] }),
    ...(protocol.heartBeatMs !== undefined && {
      heartBeats: {
        intervalMs: protocol.heartBeatMs,
        countIn: (heard) => Buffer.from(heard).toString().split('beat\n').length - 1,
      },
    }),
    async connect({ port }, { username, password, remoteId }, heard) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(lines(`${username} ${password} ${remoteId}`));
      const answer = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
      if (String(answer[0]) !== 'yes\n') {
        heard?.(String(answer[0]));
        socket.destroy();
        return undefined;
      }
      return {
        async leave() {
          if (!protocol.goodbye)
            throw new Error('the contract uses a goodbye that the protocol does not have');
          socket.end(lines('bye'));
        },
        vanish: async () => void socket.destroy(),
        // It talks only when asked to.
        fallSilent: async () => {},
      };
    },
  };
}

describeAdapter('a sample adapter that sends heart-beats', harnessOf({ goodbye: true, heartBeatMs: 10_000 }));
describeAdapter('a sample adapter whose protocol has no goodbye', harnessOf({ goodbye: false }));

describe('a harness that leaves something out', () => {
  const whole = harnessOf({ goodbye: true });
  const { goodbye: _, ...withoutGoodbye } = bytesOf({ goodbye: true });

  test.each<readonly [what: string, harness: AdapterHarness, mention: string]>([
    ['no bytes, without a reason', { ...whole, bytes: undefined as never }, 'absentBecause'],
    ['no bytes, for an empty reason', { ...whole, bytes: { absentBecause: ' ' } }, 'absentBecause'],
    ['no goodbye, and does not say so', { ...whole, bytes: withoutGoodbye }, '`leave` in `cannot`'],
    [
      'no goodbye, and an answer to it',
      { ...whole, bytes: withoutGoodbye, cannot: ['leave'], answersGoodbye: true },
      'answersGoodbye',
    ],
    [
      'heart-beats that come too late to be tested',
      { ...whole, heartBeats: { intervalMs: silenceMs, countIn: () => 0 } },
      'heartBeats.intervalMs',
    ],
  ])('is reported: %s', (_what, harness, mention) => {
    expect(omissionOf(harness)).toContain(mention);
  });

  test.each<readonly [what: string, harness: AdapterHarness]>([
    ['nothing', whole],
    ['the goodbye', { ...whole, bytes: withoutGoodbye, cannot: ['leave'] }],
    ['the bytes', { ...whole, bytes: { absentBecause: 'it has datagrams' } }],
  ])('is taken where it says why: %s', (_what, harness) => {
    expect(omissionOf(harness)).toBeUndefined();
  });
});
