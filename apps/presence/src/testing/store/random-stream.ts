import { seededRandom } from '@rollcall/conformance';
import { deviceRef, type Epoch, type EventId, type Timestamp } from '@rollcall/core';
import type { HonoConnectionEvent, ReceivedEvent } from '@rollcall/hono-wire';
import { connected, connectionId, disconnected } from '../received.ts';
import { announceIntervalMs } from './store-bed.ts';

/** Events of connections of a few devices over a few adapters, with slots, takeovers, clocks that differ, and repeated endings. */
export function randomStream(seed: number): readonly (ReceivedEvent | HonoConnectionEvent)[] {
  const { pick } = seededRandom(seed);
  const events: (ReceivedEvent | HonoConnectionEvent)[] = [];
  const begin = Date.parse('2026-11-28T08:00:00Z');
  for (let number = 0; number < 30; number += 1) {
    const adapter = { type: pick(2) === 0 ? 'hono-mqtt' : 'hono-http', id: `a-${pick(3)}`, instance: 'i' };
    const atMs = begin + number * 90_000 + pick(200_000);
    const facts = {
      device: deviceRef('acme', `d-${pick(3)}`),
      adapter,
      connectionId: connectionId(number),
      at: atMs as Timestamp,
      epoch: `${atMs.toString(16).padStart(12, '0')}${pick(9_999).toString().padStart(4, '0')}` as Epoch,
      ...(pick(2) === 0 && { slot: `s-${pick(2)}` }),
    };
    const one = connected(facts);
    events.push(one);
    if (pick(3) === 0) events.push({ ...one, announcement: true, announceIntervalMs });
    for (let ending = pick(3); ending > 0; ending -= 1)
      events.push(
        disconnected(one, {
          id: `end-${number}-${ending}` as EventId,
          at: (atMs + pick(500_000)) as Timestamp,
          ...(pick(2) === 0 && {
            endedEpoch: `${(atMs + pick(500_000)).toString(16).padStart(12, '0')}0000` as Epoch,
          }),
        }),
      );
  }
  if (seed % 3 === 0)
    events.push({
      type: 'hono',
      cause: 'connected',
      device: deviceRef('acme', 'd-0'),
      remoteId: 'x',
      source: 'hono-lora',
    });
  return events;
}
