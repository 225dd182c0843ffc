import type { ConnectionId } from '@rollcall/core';
import type { Claims } from '../claims/claims.ts';
import type { Shared } from '../shared.ts';
import { readMessage } from '../wire/instance-message.ts';

/** Handles a message for this incarnation. Anyone can publish to its channel: an unknown message is logged, and skipped. */
export function hear(message: string, shared: Shared, claims: Claims): void {
  const { book, context, foreign, tallies } = shared;
  const told = readMessage(message);
  if (!told) {
    foreign.found('message', message);
    return;
  }
  if (told.type === 'signs') {
    const signs = told.signs.flatMap(([id, sign]) => {
      const connection = id as ConnectionId;
      return book.get(connection)?.noted ? [[connection, sign] as const] : [];
    });
    tallies.signs_heard += signs.length;
    if (signs.length > 0) context.listener.leases.heardElsewhere(signs);
    return;
  }
  const held = book.get(told.connection as ConnectionId);
  if (!held) return;
  if (told.type === 'ended') claims.endedElsewhere(held);
  else if (told.type === 'moved') claims.movedAway(held, told.claim);
  else {
    const { connection, instance } = told.claim;
    claims.displaced(held, { device: held.event.device, connection: connection as ConnectionId, instance });
  }
}
