import type { Ending, OpenConnection } from '@rollcall/client';
import type { Basis } from '@rollcall/core/events';
import type { StoredConnection, StoredDevice } from '../store/presence-store.ts';
import { isoTime } from './as-of.ts';

/** A device as in answers; names are those of the connection events. */
export function deviceJson({ presence, lastEnding }: StoredDevice): object {
  const { device, status } = presence;
  const ending = presence.status === 'offline' ? presence.ending : lastEnding;
  return {
    ...device,
    status,
    ...(presence.status !== 'unknown' && { since: isoTime(presence.since) }),
    connections: presence.status === 'offline' ? [] : presence.connections.map(connectionJson),
    ...(ending && { 'last-ending': endingJson(ending) }),
    ...(presence.status === 'unknown' && presence.said && { said: saidJson(presence.said) }),
  };
}

/** A connection of the history, with both ends as far as they are known. */
export function historyJson({ connection, ending, silent, takenOverAt }: StoredConnection): object {
  const isOpen = ending === undefined && takenOverAt === undefined;
  return {
    ...connectionJson(connection),
    state: isOpen ? (silent ? 'unknown' : 'open') : 'ended',
    ...(ending && { ending: endingJson(ending) }),
    ...(!ending && takenOverAt !== undefined && { 'taken-over-at': isoTime(takenOverAt) }),
  };
}

function connectionJson(connection: OpenConnection): object {
  const { connectionId, epoch, adapter, remoteId, slot, at, basis, protocol, remoteAddress } = connection;
  return {
    'connection-id': connectionId,
    'connected-at': isoTime(at),
    protocol,
    basis: basisJson(basis),
    adapter,
    'remote-id': remoteId,
    ...(slot !== undefined && { slot }),
    ...(remoteAddress !== undefined && { 'remote-address': remoteAddress }),
    epoch,
  };
}

export function endingJson(ending: Ending): object {
  const { at, connectedAt, lastSeen, uncertaintyMs, endedEpoch, coalesced, raw } = ending;
  return {
    'event-id': ending.id,
    'connection-id': ending.connectionId,
    at: isoTime(at),
    // The device really left somewhere in here, and not before it came.
    'left-between': {
      from: isoTime(Math.max(at - uncertaintyMs, Math.min(connectedAt, at))),
      to: isoTime(at),
    },
    'uncertainty-ms': uncertaintyMs,
    reason: ending.reason,
    initiator: ending.initiator,
    clean: ending.clean,
    'connected-at': isoTime(ending.connectedAt),
    'last-seen': isoTime(lastSeen),
    protocol: ending.protocol,
    basis: basisJson(ending.basis),
    adapter: ending.adapter,
    'remote-id': ending.remoteId,
    ...(ending.slot !== undefined && { slot: ending.slot }),
    ...(ending.remoteAddress !== undefined && { 'remote-address': ending.remoteAddress }),
    epoch: ending.epoch,
    ...(endedEpoch !== undefined && { 'ended-epoch': endedEpoch }),
    ...(coalesced !== undefined && { coalesced }),
    ...(raw && { raw }),
  };
}

/** How it is known that the device is connected, and how soon silence would be noticed; `null`: never. */
function basisJson(basis: Basis): object {
  if (basis.kind === 'session') return { kind: 'session', 'detect-within-ms': basis.detectWithinMs };
  return {
    kind: 'lease',
    'interval-ms': basis.intervalMs,
    from: basis.from,
    'detect-within-ms': basis.detectWithinMs ?? basis.intervalMs,
    ...(basis.until !== undefined && { until: isoTime(basis.until) }),
  };
}

function saidJson({
  cause,
  source,
  remoteId,
}: {
  readonly cause: string;
  readonly source: string;
  readonly remoteId: string;
}): object {
  return { cause, source, 'remote-id': remoteId };
}
