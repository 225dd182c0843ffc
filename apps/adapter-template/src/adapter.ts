import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AdapterHost, ProtocolAdapter, RunningProtocol } from '@rollcall/adapter-kit';
import { TransportError } from '@rollcall/core';
import { serveDevice, type DeviceOptions } from './device-connection.ts';

export interface TemplateAdapterOptions extends DeviceOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Network connections that have not logged in yet, at most. */
  readonly maxPendingSockets?: number;
}

/** Devices that speak lines of text over TCP. What they do is decided in `tracker.ts`; here is who listens. */
export function createTemplateAdapter(options: TemplateAdapterOptions): ProtocolAdapter {
  return { type: 'rollcall-template', start: (host) => listen(options, host) };
}

async function listen(options: TemplateAdapterOptions, host: AdapterHost): Promise<RunningProtocol> {
  const { maxPendingSockets = 1_000 } = options;
  const sockets = new Set<Socket>();
  const pending = new Set<Socket>();

  // Half-open: a device that sent its last command and closed its side still gets its answers.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    if (pending.size >= maxPendingSockets) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    pending.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      pending.delete(socket);
    });
    void serveDevice(socket, host, options, () => pending.delete(socket));
  });

  server.listen(options.port, options.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new TransportError(`template port ${options.host}:${options.port} cannot be bound: ${code}`, {
      cause: error,
    });
  }
  const { port } = server.address() as AddressInfo;
  server.on('error', (error) =>
    host.log.warn({ cause: error.message }, 'a connection could not be accepted'),
  );

  return {
    listening: [{ scheme: 'template', host: options.host, port }],
    async stopAccepting() {
      server.close();
      for (const socket of pending) socket.destroy();
    },
    async close() {
      server.close();
      // Last answers leave before their sockets do.
      await nextTurn();
      const open = [...sockets];
      for (const socket of open) socket.destroy();
      await Promise.all(open.map((socket) => new Promise((closed) => socket.once('close', closed))));
    },
  };
}
