import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { containServer, createFailureReport, patientClock } from '@rollcall/containment';
import { TransportError } from '@rollcall/core';
import type { Clock, Log } from '@rollcall/core/environment';
import type rhea from 'rhea';
import { acceptGuarded } from './accept-guarded.ts';
import { createBoundPeers } from './bound-peers.ts';
import { createCutOffLog } from './cut-off-log.ts';

export interface ListenOptions {
  readonly container: rhea.Container;
  readonly host: string;
  readonly port: number;
  /** Network connections at the same time. */
  readonly maxConnections: number;
  /** The time-out in our open. A peer must send something within half of it. */
  readonly idleTimeoutMs: number;
  /** The time by which peers are judged. */
  readonly clock: Clock;
  readonly log: Log;
}

export interface PeerListener {
  readonly port: number;
  /** Ends all network connections. */
  close(): Promise<void>;
}

/** Room for a client with a thousand tenants, and for a receiver that settles many messages at once. */
const guardLimits = {
  maxFrameBytes: 65_536,
  maxMessageBytes: 1_048_576,
  maxUnfinishedBytes: 4_194_304,
  maxSessions: 256,
  maxLinks: 4_096,
  maxDispositionSpan: 65_536,
};

/**
 * Accepts network connections, within bounds, and lets rhea speak AMQP with them.
 *
 * @throws TransportError when the port is taken.
 */
export async function listenForPeers(options: ListenOptions): Promise<PeerListener> {
  const { container, host, clock, log, idleTimeoutMs } = options;
  const places = createBoundPeers({ max: options.maxConnections, clock, log });
  const cutOffs = createCutOffLog(clock, log);
  const patience = patientClock(clock);
  const sockets = new Set<Socket>();
  const connectionOptions = optionsOfRhea(idleTimeoutMs);
  const whenOpen = new WeakMap<object, () => void>();
  container.on('connection_open', ({ connection }: rhea.EventContext) => whenOpen.get(connection)?.());

  const server = createServer((socket) => {
    const opened = places.admit(socket);
    if (!opened) return;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    const connection = acceptGuarded(socket, {
      container,
      connectionOptions,
      limits: guardLimits,
      clock: patience,
      idleTimeoutMs,
      onViolation: (problem) => cutOffs.cutOff(`${socket.remoteAddress}:${socket.remotePort}`, problem),
    });
    whenOpen.set(connection, opened);
  });
  containServer(server, 'network', createFailureReport({ clock, log }).failed);
  server.listen(options.port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new TransportError(`amqp port ${host}:${options.port} cannot be bound: ${code}`, {
      startCode: 'PORT_NOT_BOUND',
      cause: error,
    });
  }
  // For example, a connection that cannot be accepted because there are no file descriptors left.
  server.on('error', (error) => log.warn({ cause: error.message }, 'listener failed'));

  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      places.stop();
      cutOffs.stop();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** The options of rhea for a connection. */
function optionsOfRhea(idleTimeoutMs: number): object {
  return {
    max_frame_size: guardLimits.maxFrameBytes,
    idle_time_out: idleTimeoutMs,
    offered_capabilities: ['ANONYMOUS-RELAY'],
    tcp_no_delay: true,
    treat_modified_as_released: false,
    receiver_options: { credit_window: 0, autoaccept: false, max_message_size: guardLimits.maxMessageBytes },
  };
}
