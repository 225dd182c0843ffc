import { deviceRef, type ConnectionId, type EventId } from '@rollcall/core';
import { expect, test } from 'vitest';
import { connected, disconnected } from '../testing/received.ts';
import type { FoldedEvent } from './follow-stream.ts';
import { hasNul } from './has-nul.ts';

const nul = 'a\0b';
const adapter = { type: 'hono-mqtt', id: 'mqtt-0', instance: 'i' };

test.each<[string, FoldedEvent]>([
  ['tenant', connected({ device: deviceRef(nul, 'd') })],
  ['device', connected({ device: deviceRef('acme', nul) })],
  [
    'device of another adapter',
    { type: 'hono', cause: 'connected', device: deviceRef('acme', nul), remoteId: 'x', source: 'hono-lora' },
  ],
  ['event id', connected({ id: nul as EventId })],
  ['connection id', connected({ connectionId: nul as ConnectionId })],
  ['protocol', connected({ protocol: nul })],
  ['type of the adapter', connected({ adapter: { ...adapter, type: nul } })],
  ['id of the adapter', connected({ adapter: { ...adapter, id: nul } })],
  ['instance of the adapter', connected({ adapter: { ...adapter, instance: nul } })],
  ['reason', disconnected(connected(), { reason: nul })],
])('an event with U+0000 in its %s cannot be kept', (_what, event) => {
  expect(hasNul(event)).toBe(true);
});

test('others can, also where it is within what is kept as JSON', () => {
  const begin = connected({ remoteId: nul, slot: nul, remoteAddress: nul });
  expect([begin, disconnected(begin)].map(hasNul)).toEqual([false, false]);
});
