import { listenForSockets, type Listener, type Listeners, type ProtocolAdapter } from '@rollcall/adapter-kit';
import { serveDevice, type DeviceOptions } from './device-connection.ts';

export interface TemplateAdapterOptions extends DeviceOptions, Listener {
  /** Whose connections begin with a PROXY protocol header; absent: nobody's. */
  readonly balancers?: Listeners['balancers'] | undefined;
  /** Network connections that have not logged in yet, at most. */
  readonly maxPendingSockets?: number;
}

/** Devices that speak lines of text over TCP. What they do is decided in `tracker.ts`; here is who listens. */
export function createTemplateAdapter(options: TemplateAdapterOptions): ProtocolAdapter {
  const { host: address, port, balancers, maxPendingSockets = 1_000 } = options;
  return {
    type: 'rollcall-template',
    start: (host) =>
      listenForSockets({
        scheme: 'template',
        listeners: { plain: { host: address, port }, ...(balancers && { balancers }) },
        handshakeTimeoutMs: options.loginTimeoutMs,
        maxPendingSockets,
        // A device that sent its last command and closed its side still gets its answers.
        allowHalfOpen: true,
        context: host.context,
        serve(socket, place) {
          serveDevice(socket, host, options, place).catch((error: unknown) => {
            host.context.failed('template', error);
            socket.destroy();
          });
        },
      }),
  };
}
