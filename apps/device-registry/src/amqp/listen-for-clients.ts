import type { RunningProtocol } from '@rollcall/adapter-kit';
import { listenForSockets, type Listeners, type SocketServerOptions } from '@rollcall/adapter-kit/listening';
import { servedPeer, servePeer, type ServedPeer } from '@rollcall/containment';
import { checkRhea, containWrites, internalsOf, silence } from '@rollcall/rhea-internals';
import { boundReader } from '@rollcall/rhea-internals/client';
import rhea from 'rhea';
import { ServiceConnection, type ServiceHost } from './service-connection.ts';

export interface ClientListenerOptions extends Omit<ServiceHost, 'admit' | 'left'> {
  readonly listeners: Listeners;
  /** Network connections that have not proved who they are, at most. */
  readonly maxPendingSockets: number;
  /** TLS handshakes under way, at most. */
  readonly maxHandshakes: number;
  /** Clients that have proved who they are, at most. */
  readonly maxClients: number;
  readonly context: SocketServerOptions['context'];
}

export interface ClientListener extends RunningProtocol {
  /** Clients that are connected. */
  readonly clients: number;
}

/** A connection, and whom it costs what serving it throws. */
interface Served {
  readonly client: ServiceConnection;
  readonly peer: ServedPeer;
}

/** Listens for clients of the services on AMQP 1.0. @throws TransportError where a port cannot be had. */
export async function listenForClients(options: ClientListenerOptions): Promise<ClientListener> {
  const { bounds, context, maxClients } = options;
  checkRhea();
  boundReader();
  const connections = new WeakMap<rhea.Connection, Served>();
  const open = new Set<ServiceConnection>();
  const container = createContainer(connections, bounds.maxLinks);
  let clients = 0;
  const host: ServiceHost = {
    ...options,
    admit() {
      if (clients >= maxClients) return false;
      clients += 1;
      return true;
    },
    left: () => void (clients -= 1),
  };
  const running = await listenForSockets({
    scheme: 'amqp',
    listeners: options.listeners,
    handshakeTimeoutMs: bounds.openTimeoutMs,
    maxPendingSockets: options.maxPendingSockets,
    maxHandshakes: options.maxHandshakes,
    allowHalfOpen: true,
    context,
    serve(socket, place) {
      const connection = internalsOf(container).create_connection({
        container_id: containerId,
        disable_sasl: true,
        max_frame_size: bounds.maxFrameBytes,
        // A peer is told half of what it gets (AMQP 1.0 §2.4.5).
        idle_time_out: bounds.idleTimeoutMs / 2,
        channel_max: bounds.maxSessions - 1,
        receiver_options: { credit_window: 0, autoaccept: false, max_message_size: bounds.maxMessageBytes },
      });
      const peer = servedPeer('amqp', options.failed, () => socket.destroy());
      containWrites(connection, peer);
      const client = new ServiceConnection(socket, place, connection, host);
      connections.set(connection, { client, peer });
      open.add(client);
      socket.once('close', () => open.delete(client));
      client.listen();
    },
  });
  return {
    ...running,
    get clients() {
      return clients;
    },
    async stopAccepting() {
      await running.stopAccepting();
      for (const client of open) client.stop();
    },
  };
}

const containerId = 'rollcall-device-registry';

/** One for all connections: what rhea reports to it goes to the connection that it is about. */
function createContainer(connections: WeakMap<rhea.Connection, Served>, maxLinks: number): rhea.Container {
  const container = rhea.create_container({ id: containerId });
  const on = (event: string, tell: (client: ServiceConnection, context: rhea.EventContext) => void): void => {
    container.on(event, (context: rhea.EventContext) => {
      const served = connections.get(context.connection);
      if (served) servePeer(served.peer, () => tell(served.client, context));
    });
  };
  on('session_open', (_client, { session }) => {
    if (session) internalsOf(session).local.begin.handle_max = maxLinks - 1;
  });
  on('receiver_open', (client, { receiver }) => receiver && client.attachedToSend(receiver));
  on('sender_open', (client, { sender }) => sender && client.attachedToReceive(sender));
  on('sender_close', (client, { sender }) => sender && client.detached(sender));
  on('session_close', (client, { session }) => {
    if (session) client.sessionEnded(session);
  });
  on('sendable', (client, { sender }) => sender && client.sendable(sender));
  for (const event of ['accepted', 'rejected', 'released', 'modified', 'settled'])
    on(event, (client, { sender, delivery }) => {
      if (sender && delivery) client.settled(sender, delivery);
    });
  on('message', (client, context) => client.message(context));
  on('connection_close', (client) => client.closed());
  on('connection_error', (client) => client.closed());
  silence(container);
  return container;
}
