import type { Basis, ConnectionEvent, RawCause } from '@rollcall/core';

/** The JSON body of a connection event. Keys stand in the order of the contract. */
export function eventBody(event: ConnectionEvent): object {
  return {
    cause: event.type,
    'remote-id': event.remoteId,
    source: event.adapter.type,
    data: {
      'event-id': event.id,
      'connection-id': event.connectionId,
      epoch: event.epoch,
      ...(event.type === 'disconnected' && { 'ended-epoch': event.endedEpoch }),
      // JSON.stringify leaves undefined fields out.
      slot: event.slot,
      at: rfc3339(event.at),
      ...(event.type === 'disconnected' && {
        'connected-at': rfc3339(event.connectedAt),
        'last-seen': rfc3339(event.lastSeen),
        'uncertainty-ms': event.uncertaintyMs,
        reason: event.reason,
        initiator: event.initiator,
        clean: event.clean,
      }),
      basis: basisBody(event.basis),
      'adapter-id': event.adapter.id,
      'adapter-instance': event.adapter.instance,
      protocol: event.protocol,
      'remote-address': event.remoteAddress,
      ...(event.type === 'disconnected' && { raw: event.raw && rawBody(event.raw) }),
      coalesced: event.coalesced,
      journal: event.journal?.state,
      follows: event.journal?.state === 'kept' ? event.journal.follows : undefined,
      ...(event.type === 'connected' && { 'announce-interval-ms': event.announceIntervalMs }),
    },
  };
}

/** UTC, with milliseconds. */
export function rfc3339(time: number): string {
  return new Date(time).toISOString();
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
