import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { TransportError } from '@rollcall/core';
import type { ListenAddress } from '../protocol-adapter.ts';
import type { Listener } from './listener-options.ts';

/** Binds a server. @throws TransportError where the port cannot be had. */
export async function bind(server: Server, scheme: string, { host, port }: Listener): Promise<ListenAddress> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new TransportError(`${scheme} port ${host}:${port} cannot be bound: ${code}`, { cause: error });
  }
  return { scheme, host, port: (server.address() as AddressInfo).port };
}
