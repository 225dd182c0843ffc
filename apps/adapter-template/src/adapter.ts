import { createServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  bind,
  type AdapterHost,
  type Listener,
  type ProtocolAdapter,
  type RunningProtocol,
} from '@rollcall/adapter-kit';
import { serveDevice, type DeviceOptions } from './device-connection.ts';

export interface TemplateAdapterOptions extends DeviceOptions, Listener {
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
    serveDevice(socket, host, options, () => pending.delete(socket)).catch((error: unknown) => {
      host.failed('template', error);
      socket.destroy();
    });
  });

  const address = await bind(server, 'template', options, host);

  return {
    listening: [address],
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
