import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  bind,
  type AdapterHost,
  type ListenAddress,
  type Listeners,
  type ProtocolAdapter,
  type RunningProtocol,
} from '@rollcall/adapter-kit';
import rhea from 'rhea';
import { serveDevice, type DeviceConnection, type DeviceOptions } from './device-connection.ts';

export interface AmqpAdapterOptions extends DeviceOptions, Listeners {
  /** Network connections that have not opened yet, at most. */
  readonly maxPendingSockets: number;
}

/** Turns of the event loop that sockets get to send what was written to them, e.g. a Close. */
const lingerTurns = 10;

/** AMQP 1.0 devices. When they are connected is decided in `tracker.ts`; here is who listens, and what is wired to what. */
export function createAmqpAdapter(options: AmqpAdapterOptions): ProtocolAdapter {
  return { type: 'hono-amqp', start: (host) => listen(options, host) };
}

async function listen(options: AmqpAdapterOptions, host: AdapterHost): Promise<RunningProtocol> {
  const sockets = new Set<Socket>();
  const pending = new Set<Socket>();
  const connections = new WeakMap<rhea.Connection, DeviceConnection>();
  const container = createContainer(connections);
  let stopping = false;

  function accept(socket: Socket): void {
    if (stopping || pending.size >= options.maxPendingSockets) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    pending.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      pending.delete(socket);
    });
    socket.setNoDelay(true);
    const connection = container.create_connection({
      container_id: 'hono-amqp',
      disable_sasl: true,
      max_frame_size: options.maxFrameBytes,
      // A peer is told half of what it gets (AMQP 1.0 §2.4.5).
      idle_time_out: options.idleTimeoutMs / 2,
      offered_capabilities: ['ANONYMOUS-RELAY'],
      receiver_options: { credit_window: 0, autoaccept: false, max_message_size: options.maxPayloadBytes },
    } as never);
    connections.set(
      connection,
      serveDevice(socket, connection, host, options, () => pending.delete(socket)),
    );
  }

  const servers: Server[] = [];
  const listening: ListenAddress[] = [];
  try {
    if (options.plain) {
      const server = createServer(accept);
      servers.push(server);
      listening.push(await bind(server, 'amqp', options.plain, host.log));
    }
    if (options.tls) {
      const { key, cert } = options.tls;
      const server = createTlsServer(
        { key, cert, minVersion: 'TLSv1.2', handshakeTimeout: options.openTimeoutMs },
        accept,
      );
      server.on('tlsClientError', (error, socket) => {
        host.log.debug({ cause: error.message }, 'TLS handshake failed');
        // One that took too long is told of, and left open.
        socket.destroy();
      });
      servers.push(server);
      listening.push(await bind(server, 'amqps', options.tls, host.log));
    }
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }

  return {
    listening,
    async stopAccepting() {
      stopping = true;
      for (const server of servers) server.close();
      for (const socket of pending) socket.destroy();
    },
    async close() {
      for (const server of servers) server.close();
      for (let turn = 0; turn < lingerTurns && sockets.size > 0; turn++) await nextTurn();
      const open = [...sockets];
      for (const socket of open) socket.destroy();
      await Promise.all(open.map((socket) => new Promise((closed) => socket.once('close', closed))));
    },
  };
}

/** One for all connections: what it is told of goes to the connection that it is about. */
function createContainer(connections: WeakMap<rhea.Connection, DeviceConnection>): rhea.Container {
  const container = rhea.create_container({ id: 'hono-amqp' });
  const of = ({ connection }: rhea.EventContext): DeviceConnection | undefined => connections.get(connection);
  container.on('receiver_open', (context: rhea.EventContext) => {
    if (context.receiver) of(context)?.attachedToSend(context.receiver);
  });
  container.on('sender_open', (context: rhea.EventContext) => {
    if (context.sender) of(context)?.attachedToReceive(context.sender);
  });
  container.on('message', (context: rhea.EventContext) => of(context)?.message(context));
  container.on('connection_close', (context: rhea.EventContext) => of(context)?.closed(undefined));
  container.on('connection_error', (context: rhea.EventContext) => {
    const { condition = '', description = '' } = (context.connection.error ?? {}) as {
      condition?: string;
      description?: string;
    };
    of(context)?.closed({ code: condition, text: description });
  });
  // rhea throws out of its socket callbacks where nobody listens to these.
  for (const event of [
    'error',
    'protocol_error',
    'session_error',
    'sender_error',
    'receiver_error',
    'disconnected',
  ])
    container.on(event, () => {});
  return container;
}
