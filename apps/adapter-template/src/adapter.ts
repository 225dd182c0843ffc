import type { AdapterHost, ProtocolAdapter, RunningProtocol } from '@rollcall/adapter-kit';
import { listenForSockets, type Listeners } from '@rollcall/adapter-kit/listening';
import { serveDevice, type DeviceOptions } from './device-connection.ts';

export interface TemplateAdapterOptions extends DeviceOptions, Listeners {
  /** Network connections that have not logged in yet, at most. */
  readonly maxPendingSockets: number;
  /** TLS handshakes under way, at most. */
  readonly maxHandshakes?: number;
}

/** Devices that speak lines of text over TCP. What they do is decided in `tracker.ts`; here is who listens. */
export function createTemplateAdapter(options: TemplateAdapterOptions): ProtocolAdapter {
  return { type: 'rollcall-template', start: (host) => listen(options, host) };
}

function listen(options: TemplateAdapterOptions, host: AdapterHost): Promise<RunningProtocol> {
  const { maxPendingSockets, maxHandshakes, loginTimeoutMs } = options;
  return listenForSockets({
    scheme: 'template',
    listeners: options,
    handshakeTimeoutMs: loginTimeoutMs,
    maxPendingSockets,
    ...(maxHandshakes !== undefined && { maxHandshakes }),
    // A device that sent its last request and closed its side still gets its answers.
    allowHalfOpen: true,
    context: host.context,
    serve(socket, place) {
      serveDevice({ socket, place }, host, options).catch((error: unknown) => {
        host.context.failed('template', error);
        socket.destroy();
      });
    },
  });
}
