import type { Log } from '@rollcall/core/environment';
import type { ConnectionEvent } from '@rollcall/core/events';
import type { EventSink } from '@rollcall/core/sink';

export interface LoggerSinkOptions {
  readonly log: Log;
  /** Severity of the lines. */
  readonly level: 'info' | 'debug';
}

/** The default sink: it writes each connection event as one structured log line. */
export function createLoggerSink({ log, level }: LoggerSinkOptions): EventSink {
  let closed = false;
  return {
    name: 'logging',
    async deliver({ event, announcement }, signal) {
      if (closed || signal.aborted) return { status: 'retryable', cause: new Error('sink is closed') };
      // An announcement repeats an event that the log has already.
      if (announcement) return { status: 'delivered' };
      log[level](facts(event), event.type === 'connected' ? 'device connected' : 'device disconnected');
      return { status: 'delivered' };
    },
    async close() {
      closed = true;
    },
  };
}

function facts(event: ConnectionEvent): object {
  return {
    event: event.type,
    tenant: event.device.tenant,
    device: event.device.device,
    remoteId: event.remoteId,
    ...(event.type === 'disconnected' && {
      reason: event.reason,
      initiator: event.initiator,
      clean: event.clean,
      connectedAt: new Date(event.connectedAt).toISOString(),
      lastSeen: new Date(event.lastSeen).toISOString(),
      uncertaintyMs: event.uncertaintyMs,
      raw: event.raw,
    }),
    at: new Date(event.at).toISOString(),
    protocol: event.protocol,
    remoteAddress: event.remoteAddress,
    basis: event.basis,
    adapter: event.adapter,
    connectionId: event.connectionId,
    epoch: event.epoch,
    eventId: event.id,
    coalesced: event.coalesced,
  };
}
