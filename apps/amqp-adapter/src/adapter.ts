import type { AdapterHost, ProtocolAdapter, RunningProtocol } from '@rollcall/adapter-kit';
import { listenForSockets, warnOfAnybody, type Listeners } from '@rollcall/adapter-kit/listening';
import { defaultGuardLimits } from '@rollcall/amqp-frame-guard';
import { servedPeer, servePeer, type ServedPeer } from '@rollcall/containment';
import { checkRhea, containWrites, internalsOf, silence } from '@rollcall/rhea-internals';
import rhea from 'rhea';
import { serveDevice, type DeviceConnection, type DeviceOptions } from './device-connection.ts';
import { attachedToReceive } from './device-links.ts';

export interface AmqpAdapterOptions extends DeviceOptions, Listeners {
  /** Network connections that have not opened yet, at most. */
  readonly maxPendingSockets: number;
  /** TLS handshakes under way, at most. */
  readonly maxHandshakes?: number;
}

/** AMQP 1.0 devices. When they are connected is decided in `tracker.ts`; here is who listens, and what is wired to what. */
export function createAmqpAdapter(options: AmqpAdapterOptions): ProtocolAdapter {
  return { type: 'hono-amqp', start: (host) => listen(options, host) };
}

function listen(options: AmqpAdapterOptions, host: AdapterHost): Promise<RunningProtocol> {
  const connections = new WeakMap<rhea.Connection, Served>();
  checkRhea();
  const { type } = host.context.identity;
  const container = createContainer(type, connections);
  if (!options.authenticationRequired) warnOfAnybody(host.context.log);
  return listenForSockets({
    scheme: 'amqp',
    listeners: options,
    handshakeTimeoutMs: options.openTimeoutMs,
    maxPendingSockets: options.maxPendingSockets,
    ...(options.maxHandshakes !== undefined && { maxHandshakes: options.maxHandshakes }),
    // What a device said before it closed its side is served to the end.
    allowHalfOpen: true,
    context: host.context,
    serve(socket, place) {
      const connection = internalsOf(container).create_connection({
        container_id: type,
        disable_sasl: true,
        max_frame_size: options.maxFrameBytes,
        // A peer is told half of what it gets (AMQP 1.0 §2.4.5).
        idle_time_out: options.idleTimeoutMs / 2,
        offered_capabilities: ['ANONYMOUS-RELAY'],
        channel_max: defaultGuardLimits.maxSessions - 1,
        receiver_options: { credit_window: 0, autoaccept: false, max_message_size: options.maxPayloadBytes },
      });
      const peer = servedPeer('amqp', host.context.failed, () => socket.destroy());
      containWrites(connection, peer);
      connections.set(connection, {
        device: serveDevice({ socket, place, connection }, host, options),
        peer,
      });
    },
  });
}

/** A device, and whom it costs what serving it throws: rhea would take that for a fault of the peer. */
interface Served {
  readonly device: DeviceConnection;
  readonly peer: ServedPeer;
}

/** One for all connections: what rhea reports to it goes to the connection that it is about. */
function createContainer(id: string, connections: WeakMap<rhea.Connection, Served>): rhea.Container {
  const container = rhea.create_container({ id });
  const on = (event: string, tell: (device: DeviceConnection, context: rhea.EventContext) => void): void => {
    container.on(event, (context: rhea.EventContext) => {
      const served = connections.get(context.connection);
      if (served) servePeer(served.peer, () => tell(served.device, context));
    });
  };
  on('session_open', (_device, { session }) => {
    if (session) internalsOf(session).local.begin.handle_max = defaultGuardLimits.maxLinks - 1;
  });
  on('receiver_open', (device, { receiver }) => receiver && device.attachedToSend(receiver));
  on('sender_open', (_device, { sender }) => sender && attachedToReceive(sender));
  on(
    'settled',
    (device, { delivery, receiver }) => delivery && receiver && device.settled(delivery, receiver),
  );
  on('message', (device, context) => device.message(context));
  on('connection_close', (device) => device.closed(undefined));
  on('connection_error', (device, { connection }) => {
    const { condition, description } = (connection.error ?? {}) as {
      condition?: unknown;
      description?: unknown;
    };
    device.closed({ code: textOf(condition), text: textOf(description) });
  });
  silence(container);
  return container;
}

/** rhea hands on what a peer sent, of whatever type. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
