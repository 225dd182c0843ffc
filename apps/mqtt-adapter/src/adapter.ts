import type { AdapterHost, ProtocolAdapter, RunningProtocol } from '@rollcall/adapter-kit';
import { listenForSockets, warnOfAnybody, type Listeners } from '@rollcall/adapter-kit/listening';
import { createDeviceBroker } from './device-broker.ts';
import { serveDevice, type DeviceLimits } from './device-connection.ts';
import { tcpKeepAliveDelayMs } from './liveness.ts';

export interface MqttAdapterOptions extends Listeners {
  readonly maxPayloadBytes: number;
  /** Whether devices must prove who they are. Others have no events, and name tenant and device in each topic. */
  readonly authenticationRequired: boolean;
  /** Time within which a network connection must have sent its CONNECT. */
  readonly connectTimeoutMs: number;
  /** See `keepAliveFor`. */
  readonly idleLimitMs: number;
  /** Messages of QoS 1 that a device may have unanswered; default 100. */
  readonly receiveMaximum?: number;
  /** Network connections that have not been accepted yet, at most. */
  readonly maxPendingSockets: number;
  /** TLS handshakes under way, at most. */
  readonly maxHandshakes?: number;
}

/** Room for the topic and the properties of a PUBLISH beside its payload, as Hono grants it (`docs/hono-compatibility.md` §7). */
const packetOverheadBytes = 128;

/** MQTT 3.1.1 and 5.0 devices. What they do is decided in `tracker.ts`; here is who listens, and what is wired to what. */
export function createMqttAdapter(options: MqttAdapterOptions): ProtocolAdapter {
  return { type: 'hono-mqtt', start: (host) => listen(options, host) };
}

async function listen(options: MqttAdapterOptions, host: AdapterHost): Promise<RunningProtocol> {
  const limits: DeviceLimits = {
    authenticationRequired: options.authenticationRequired,
    idleLimitMs: options.idleLimitMs,
    receiveMaximum: options.receiveMaximum ?? 100,
    maxPacketBytes: options.maxPayloadBytes + packetOverheadBytes,
  };
  if (!options.authenticationRequired) warnOfAnybody(host.context.log);
  const { connectTimeoutMs, maxPendingSockets, maxHandshakes } = options;
  const broker = await createDeviceBroker({ ...limits, connectTimeoutMs }, host.context);
  try {
    const server = await listenForSockets({
      scheme: 'mqtt',
      listeners: options,
      handshakeTimeoutMs: connectTimeoutMs,
      maxPendingSockets,
      ...(maxHandshakes !== undefined && { maxHandshakes }),
      // What a device said before it closed its side is served to the end.
      allowHalfOpen: true,
      context: host.context,
      serve(socket, place) {
        socket.setKeepAlive(true, tcpKeepAliveDelayMs);
        broker.handle(socket, (client) => serveDevice({ client, place }, host, limits));
      },
    });
    return {
      listening: server.listening,
      async stopAccepting() {
        broker.stopAccepting();
        await server.stopAccepting();
      },
      async close() {
        await server.close();
        await broker.close();
      },
    };
  } catch (error) {
    await broker.close();
    throw error;
  }
}
