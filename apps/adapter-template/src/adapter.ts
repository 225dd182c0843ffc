import { listenForSockets, type Listener, type ProtocolAdapter } from '@rollcall/adapter-kit';
import { serveDevice, type DeviceOptions } from './device-connection.ts';

export interface TemplateAdapterOptions extends DeviceOptions, Listener {
  /** Network connections that have not logged in yet, at most. */
  readonly maxPendingSockets?: number;
}

/** Devices that speak lines of text over TCP. What they do is decided in `tracker.ts`; here is who listens. */
export function createTemplateAdapter(options: TemplateAdapterOptions): ProtocolAdapter {
  const { host: address, port, maxPendingSockets = 1_000 } = options;
  return {
    type: 'rollcall-template',
    start: (host) =>
      listenForSockets({
        scheme: 'template',
        listeners: { plain: { host: address, port } },
        handshakeTimeoutMs: options.loginTimeoutMs,
        maxPendingSockets,
        // A device that sent its last command and closed its side still gets its answers.
        allowHalfOpen: true,
        host,
        serve(socket, place) {
          serveDevice(socket, host, options, place).catch((error: unknown) => {
            host.failed('template', error);
            socket.destroy();
          });
        },
      }),
  };
}
