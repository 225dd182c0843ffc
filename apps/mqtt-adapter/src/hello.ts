import type { IConnectPacket } from 'mqtt-packet';
import { keepAliveFor, type KeepAlive } from './liveness.ts';
import type { Addressee } from './write-packet.ts';

/** Longer client ids are refused: they would fill events, logs and maps. MQTT asks for 23 at least [MQTT-3.1.3-5]. */
const maxClientIdLength = 256;

/** What a device asks for with its CONNECT. */
export interface Hello {
  /** Protocol level: 3, 4, or 5 for MQTT 5.0. */
  readonly version: number;
  /** Empty: the server gives it one. */
  readonly clientId: string;
  readonly keepAlive: KeepAlive;
  /** Seconds; 0: none. */
  readonly keepAliveAsked: number;
  readonly sessionExpiryAsked: boolean;
  readonly addressee: Addressee;
}

/** `identifier-rejected`: the adapter must refuse it. `aedes-refuses`: aedes does, if it sees what the client sent [MQTT-3.1.3-8]. */
export function judgeClientId(packet: IConnectPacket): 'good' | 'identifier-rejected' | 'aedes-refuses' {
  const { clientId, clean, protocolVersion = 4 } = packet;
  if (clientId.length > maxClientIdLength) return 'identifier-rejected';
  return clientId === '' && protocolVersion < 5 && clean === false ? 'aedes-refuses' : 'good';
}

export function readHello(packet: IConnectPacket, idleLimitMs: number): Hello {
  const { clientId, protocolVersion: version = 4, keepalive: keepAliveAsked = 0, properties } = packet;
  return {
    version,
    clientId,
    keepAlive: keepAliveFor(version, keepAliveAsked, idleLimitMs),
    keepAliveAsked,
    sessionExpiryAsked: (properties?.sessionExpiryInterval ?? 0) > 0,
    addressee: {
      version,
      ...(properties?.maximumPacketSize !== undefined && { maxPacketBytes: properties.maximumPacketSize }),
      ...(properties?.requestProblemInformation === false && { wantsNoReasons: true }),
    },
  };
}

/** Ids by which aedes tells clients apart; nobody else sees them. */
let clients = 0;

/** Takes out what aedes must not act on: nothing is kept for a device, neither its will nor its session. */
export function simplify(packet: IConnectPacket): void {
  delete packet.will;
  packet.clean = true;
  if (packet.properties) delete packet.properties.sessionExpiryInterval;
  // aedes ends a client whose id comes again, of whatever tenant; who ends whom is decided elsewhere.
  if (packet.clientId !== '') packet.clientId = String(clients++);
}
