import { deviceRef, type ConnectionId, type EventId } from '@rollcall/core';
import { describe, expect, test } from 'vitest';
import { connected, disconnected } from '../testing/received.ts';
import type { FoldedEvent } from './follow-stream.ts';
import { whyUnstorable } from './unstorable.ts';

const adapter = { type: 'hono-mqtt', id: 'mqtt-0', instance: 'i' };

/** Makes an event with this text in a field that has its own column, by the reported name. */
const withText: Readonly<Record<string, (text: string) => FoldedEvent>> = {
  tenant: (text) => connected({ device: deviceRef(text, 'd') }),
  device: (text) => connected({ device: deviceRef('acme', text) }),
  'event-id': (text) => connected({ id: text as EventId }),
  'connection-id': (text) => connected({ connectionId: text as ConnectionId }),
  protocol: (text) => connected({ protocol: text }),
  source: (text) => connected({ adapter: { ...adapter, type: text } }),
  'adapter-id': (text) => connected({ adapter: { ...adapter, id: text } }),
  'adapter-instance': (text) => connected({ adapter: { ...adapter, instance: text } }),
  reason: (text) => disconnected(connected(), { reason: text }),
};

describe.each(Object.keys(withText))('an event whose %s', (field) => {
  const told = (text: string): string | undefined =>
    withText[field]?.(text) && whyUnstorable(withText[field](text));

  test.each([
    ['U+0000', 'a\0b'],
    ['half a character', 'a\ud800b'],
    ['bytes', 'x'.repeat(100_000)],
    ['bytes', '\u{20000}'.repeat(257)],
  ])('has too much, or %s, cannot be kept, and the reason is reported', (what, text) => {
    expect(told(text)).toContain(`its ${field} has `);
    expect(told(text)).toContain(what);
  });

  test('is as long as allowed can be stored', () => {
    const most = field === 'tenant' || field === 'device' ? 1_024 : 256;
    expect([told('x'.repeat(most)), told('ä'.repeat(most / 2))]).toEqual([undefined, undefined]);
    expect(told('x'.repeat(most + 1))).toBe(`its ${field} has more than ${most} bytes`);
  });
});

test('the device of an event of Hono’s own adapters is checked, too', () => {
  const event = (device: string): FoldedEvent => ({
    type: 'hono',
    cause: 'connected',
    device: deviceRef('acme', device),
    remoteId: 'x',
    source: 'hono-lora',
  });
  expect([whyUnstorable(event('d')), whyUnstorable(event('a\0b'))]).toEqual([
    undefined,
    'its device has U+0000',
  ]);
});

test('fields that are stored as JSON may have any text', () => {
  const begin = connected({ remoteId: 'a\0b', slot: '\ud800', remoteAddress: 'x'.repeat(60_000) });
  expect([begin, disconnected(begin)].map(whyUnstorable)).toEqual([undefined, undefined]);
});
