import type { AdapterHost, ProtocolAdapter, RunningProtocol } from '@rollcall/adapter-kit';
import { listenForSockets, warnOfAnybody, type Listeners } from '@rollcall/adapter-kit/listening';
import { defaultGuardLimits } from '@rollcall/amqp-frame-guard';
import { servedPeer } from '@rollcall/containment';
import { checkRhea, forgoAll } from '@rollcall/rhea-internals';
import { ServedContainer } from '@rollcall/rhea-internals/server';
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
  checkRhea();
  const { type } = host.context.identity;
  const container = createContainer(type);
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
      const peer = servedPeer('amqp', host.context.failed, () => socket.destroy());
      container.accept(peer, boundsOf(options), (connection) =>
        serveDevice({ socket, place, connection }, host, options),
      );
    },
  });
}

function boundsOf({ maxFrameBytes, maxPayloadBytes, idleTimeoutMs }: DeviceOptions) {
  const { maxSessions, maxLinks } = defaultGuardLimits;
  const maxMessageBytes = maxPayloadBytes;
  return {
    ...{ maxFrameBytes, maxMessageBytes, maxSessions, maxLinks, idleTimeoutMs },
    offeredCapabilities: ['ANONYMOUS-RELAY'],
  };
}

/** What rhea reports goes to the connection that it is about. */
function createContainer(id: string): ServedContainer<DeviceConnection> {
  const container = new ServedContainer<DeviceConnection>(id, defaultGuardLimits);
  container.on('receiver_open', (device, { receiver }) => receiver && device.attachedToSend(receiver));
  container.on('sender_open', (_device, { sender }) => sender && attachedToReceive(sender));
  container.on(
    'settled',
    (device, { delivery, receiver }) => delivery && receiver && device.settled(delivery, receiver),
  );
  container.on('receiver_close', (_device, { receiver }) => receiver && forgoAll(receiver));
  container.on('message', (device, context) => device.message(context));
  container.on('connection_close', (device) => device.closed(undefined));
  container.on('connection_error', (device, { connection }) => {
    const { condition, description } = (connection.error ?? {}) as {
      condition?: unknown;
      description?: unknown;
    };
    device.closed({ code: textOf(condition), text: textOf(description) });
  });
  return container;
}

/** rhea hands on what a peer sent, of whatever type. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
