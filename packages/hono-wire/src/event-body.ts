import type { Basis, ConnectionEvent, RawCause } from '@rollcall/core/events';

/** The JSON body of a connection event. Keys stand in the order of the contract. */
export function eventBody(event: ConnectionEvent): object {
  const ended = event.type === 'disconnected' ? event : undefined;
  const begun = event.type === 'connected' ? event : undefined;
  return {
    cause: event.type,
    'remote-id': event.remoteId,
    source: event.adapter.type,
    // JSON.stringify leaves undefined fields out. To spread objects instead would cost as much as the rest of the body.
    data: {
      'event-id': event.id,
      'connection-id': event.connectionId,
      epoch: event.epoch,
      'ended-epoch': ended?.endedEpoch,
      slot: event.slot,
      at: rfc3339(event.at),
      'connected-at': ended && rfc3339(ended.connectedAt),
      'last-seen': ended && rfc3339(ended.lastSeen),
      'uncertainty-ms': ended?.uncertaintyMs,
      reason: ended?.reason,
      initiator: ended?.initiator,
      clean: ended?.clean,
      basis: basisBody(event.basis),
      'adapter-id': event.adapter.id,
      'adapter-instance': event.adapter.instance,
      protocol: event.protocol,
      'remote-address': event.remoteAddress,
      raw: ended?.raw && rawBody(ended.raw),
      coalesced: event.coalesced,
      journal: event.journal?.state,
      follows: event.journal?.state === 'kept' ? event.journal.follows : undefined,
      'announce-interval-ms': begun?.announceIntervalMs,
    },
  };
}

/** The time that was asked for last: an event says the same several times, and a storm has many in a millisecond. */
let latest = { time: 0, text: new Date(0).toISOString() };

/** UTC, with milliseconds. */
export function rfc3339(time: number): string {
  if (latest.time !== time) latest = { time, text: new Date(time).toISOString() };
  return latest.text;
}

function basisBody(basis: Basis): object {
  return basis.kind === 'session'
    ? { kind: basis.kind, 'detect-within-ms': basis.detectWithinMs }
    : {
        kind: basis.kind,
        'interval-ms': basis.intervalMs,
        from: basis.from,
        'detect-within-ms': basis.detectWithinMs,
        until: basis.until === undefined ? undefined : rfc3339(basis.until),
      };
}

function rawBody({ code, text }: RawCause): object {
  return { code, text };
}
