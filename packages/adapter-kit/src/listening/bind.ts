import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { TransportError } from '@rollcall/core';
import { containServer } from '@rollcall/containment';
import type { HostContext, ListenAddress } from '../protocol-adapter.ts';
import type { Listener } from './listener-options.ts';

/** Network connections that the system may keep until they are accepted; it grants what it is configured to at most. */
const backlog = 4_096;

/**
 * Binds a server. What goes wrong with it later, such as a connection that cannot be accepted, is logged. What serving one of its
 * sockets throws ends this socket.
 *
 * @throws TransportError if the port cannot be bound.
 */
export async function bind(
  server: Server,
  scheme: string,
  { host, port }: Listener,
  { log, failed, portFor }: Pick<HostContext, 'log' | 'failed' | 'portFor'>,
): Promise<ListenAddress> {
  containServer(server, scheme, failed);
  try {
    const bound = await portFor?.({ scheme, host, port });
    server.listen({ host, backlog, ...(bound ?? { port }) });
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new TransportError(`${scheme} port ${host}:${port} cannot be bound: ${code}`, {
      startCode: 'PORT_NOT_BOUND',
      cause: error,
    });
  }
  server.on('error', (error) => log.warn({ scheme, cause: error.message }, 'listener failed'));
  return { scheme, host, port: (server.address() as AddressInfo).port };
}
