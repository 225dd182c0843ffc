import type { RunningProtocol } from '@rollcall/adapter-kit';
import { listenForSockets, type Listeners, type SocketServerOptions } from '@rollcall/adapter-kit/listening';
import { servedPeer } from '@rollcall/containment';
import { checkRhea } from '@rollcall/rhea-internals';
import { boundReader } from '@rollcall/rhea-internals/client';
import { ServedContainer } from '@rollcall/rhea-internals/server';
import { ServiceConnection } from './service-connection.ts';
import type { ServiceHost } from './service-host.ts';

export interface ClientListenerOptions extends Omit<ServiceHost, 'admit' | 'left'> {
  readonly listeners: Listeners;
  /** How many network connections may not have logged in. */
  readonly maxPendingSockets: number;
  /** How many TLS handshakes may be under way. */
  readonly maxHandshakes: number;
  /** How many clients may be logged in. */
  readonly maxClients: number;
  readonly context: SocketServerOptions['context'];
}

export interface ClientListener extends RunningProtocol {
  /** Clients that are connected. */
  readonly clients: number;
}

/** Listens for clients of the services on AMQP 1.0. @throws TransportError if a port cannot be bound. */
export async function listenForClients(options: ClientListenerOptions): Promise<ClientListener> {
  const { bounds, context, maxClients } = options;
  checkRhea();
  boundReader();
  const open = new Set<ServiceConnection>();
  const container = createContainer(bounds.maxLinks);
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
      const peer = servedPeer('amqp', options.failed, () => socket.destroy());
      const client = container.accept(
        peer,
        bounds,
        (connection) => new ServiceConnection(socket, place, connection, host),
      );
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

/** Passes each event of rhea to its connection. */
function createContainer(maxLinks: number): ServedContainer<ServiceConnection> {
  const container = new ServedContainer<ServiceConnection>('rollcall-device-registry', { maxLinks });
  container.on('receiver_open', (client, { receiver }) => receiver && client.attachedToSend(receiver));
  container.on('sender_open', (client, { sender }) => sender && client.attachedToReceive(sender));
  container.on('sender_close', (client, { sender }) => sender && client.detached(sender));
  container.on('session_close', (client, { session }) => session && client.sessionEnded(session));
  container.on('sendable', (client, { sender }) => sender && client.sendable(sender));
  for (const event of ['accepted', 'rejected', 'released', 'modified', 'settled'])
    container.on(event, (client, { sender, delivery }) => {
      if (sender && delivery) client.settled(sender, delivery);
    });
  container.on('message', (client, context) => client.message(context));
  container.on('connection_close', (client) => client.closed());
  container.on('connection_error', (client) => client.closed());
  return container;
}
