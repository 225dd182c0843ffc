import {
  listenForSockets,
  type AdapterHost,
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

/** AMQP 1.0 devices. When they are connected is decided in `tracker.ts`; here is who listens, and what is wired to what. */
export function createAmqpAdapter(options: AmqpAdapterOptions): ProtocolAdapter {
  return { type: 'hono-amqp', start: (host) => listen(options, host) };
}

function listen(options: AmqpAdapterOptions, host: AdapterHost): Promise<RunningProtocol> {
  const connections = new WeakMap<rhea.Connection, DeviceConnection>();
  const container = createContainer(connections);
  if (!options.authenticationRequired)
    host.log.warn({}, 'devices need not say who they are: anybody may upload for every registered device');
  return listenForSockets({
    scheme: 'amqp',
    listeners: options,
    handshakeTimeoutMs: options.openTimeoutMs,
    maxPendingSockets: options.maxPendingSockets,
    log: host.log,
    serve(socket, accepted) {
      const connection = container.create_connection({
        container_id: 'hono-amqp',
        disable_sasl: true,
        max_frame_size: options.maxFrameBytes,
        // A peer is told half of what it gets (AMQP 1.0 §2.4.5).
        idle_time_out: options.idleTimeoutMs / 2,
        offered_capabilities: ['ANONYMOUS-RELAY'],
        receiver_options: { credit_window: 0, autoaccept: false, max_message_size: options.maxPayloadBytes },
      } as never);
      connections.set(connection, serveDevice(socket, connection, host, options, accepted));
    },
  });
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
    const { condition, description } = (context.connection.error ?? {}) as {
      condition?: unknown;
      description?: unknown;
    };
    of(context)?.closed({ code: textOf(condition), text: textOf(description) });
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

/** rhea hands on what a peer sent, of whatever type. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
