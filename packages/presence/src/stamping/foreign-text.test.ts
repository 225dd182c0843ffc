import { ManualClock, seededRandom } from '@rollcall/conformance';
import { harmWithin, nastyStrings } from '@rollcall/conformance/hostile';
import type { Epoch, Instant } from '@rollcall/core';
import type { ConnectedEvent, DisconnectedEvent } from '@rollcall/core/events';
import { encodeEvent } from '@rollcall/hono-wire';
import { expect, test } from 'vitest';
import { punctual } from '@rollcall/runtime';
import type { ConnectionDescription } from '../host-presence.ts';
import { createWallTime } from './wall-time.ts';
import { stampConnected, stampDisconnected, stampLost, type StampContext } from './stamp.ts';

const clock = new ManualClock();
const context: StampContext = {
  clock,
  random: seededRandom(1),
  identity: { type: 'hono-test', id: 'a', instance: 'b' },
  nextEpoch: () => '0000000000000001' as Epoch,
  exposeRemoteAddress: true,
  journalFor: () => undefined,
  loop: punctual,
  wall: createWallTime(clock),
};
const basis = { kind: 'session', detectWithinMs: null } as const;

function connectedAs(text: string): ConnectedEvent {
  const description = {
    identity: { device: { tenant: 'acme', device: 'thermostat-7' } },
    remoteId: text,
    slot: text,
    protocol: text,
    remoteAddress: text,
  } as unknown as ConnectionDescription;
  return stampConnected(context, description, { type: 'connected', basis }, 0 as Instant, 0);
}

function endedWith(raw: { readonly code: string; readonly text: string }): DisconnectedEvent {
  const change = {
    type: 'disconnected',
    basis,
    reason: 'protocol-error',
    lastSeen: 0 as Instant,
    raw,
  } as const;
  const connected = { event: connectedAs('unit-1'), began: context.wall.offset() };
  return stampDisconnected(context, connected, change, 0 as Instant, 0);
}

test.each(Object.entries(nastyStrings))('%s reaches no event', (_what, text) => {
  const connected = connectedAs(text);
  expect(harmWithin(connected)).toBeUndefined();
  expect(harmWithin(endedWith({ code: text, text }))).toBeUndefined();
  // From a journal that other software wrote.
  const foreign = { ...connected, remoteId: text, slot: text, protocol: text, remoteAddress: text };
  const lost = stampLost({ event: foreign }, 'adapter-lost', context);
  expect(harmWithin(lost)).toBeUndefined();
});

test('what a peer says of its end is cut at 512 characters, escapes included, and never within one', () => {
  const { raw } = endedWith({ code: 'a\n'.repeat(400), text: `${'y'.repeat(510)}\n${'y'.repeat(100)}` });
  expect(raw?.code).toBe(`${'a\\u{a}'.repeat(85)}a`);
  expect(raw?.text).toBe('y'.repeat(510));
});

test('two devices that differ only in invisible characters are two devices', () => {
  expect(connectedAs('a\u0001').slot).not.toBe(connectedAs('a\u0002').slot);
});

test('a device’s own account of its end is never longer than consumers accept', () => {
  const endless = '\u{E0041}'.repeat(20_000);
  const event = endedWith({ code: endless, text: endless });
  expect(encodeEvent(event, { defaults: {} }).byteLength).toBeLessThan(16_384);
});
