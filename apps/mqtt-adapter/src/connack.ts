import type { IConnackPacket } from 'mqtt-packet';
import { refusalCodes, type RefusedFor } from './device-answers.ts';
import type { Hello } from './hello.ts';
import { packetFor } from './write-packet.ts';

export interface ConnackFacts {
  /** The client id that the device did not bring itself. */
  readonly assignedClientId?: string;
  readonly serverKeepAliveSeconds?: number;
  /** The device asked for a session that outlives the connection. */
  readonly sessionExpiryAsked: boolean;
  readonly receiveMaximum: number;
  readonly maxPacketBytes: number;
}

/** The CONNACK by which a device with MQTT 3.1 or 3.1.1 is let in: it has no session (MQTT 3.1.1 §3.2). */
const plainConnack: Uint8Array = Buffer.from([0x20, 2, 0, 0]);

/**
 * The CONNACK by which an MQTT 5.0 device is let in, with all that the adapter cannot do (MQTT 5.0 §3.2.2.3). Wildcards are not
 * among it: filters for errors and commands have some, and a client that hears there are none does not ask for them.
 */
function acceptedConnack(facts: ConnackFacts): IConnackPacket {
  const { assignedClientId, serverKeepAliveSeconds, sessionExpiryAsked } = facts;
  return {
    cmd: 'connack',
    sessionPresent: false,
    reasonCode: 0,
    properties: {
      ...(sessionExpiryAsked && { sessionExpiryInterval: 0 }),
      receiveMaximum: facts.receiveMaximum,
      maximumQoS: 1,
      retainAvailable: false,
      maximumPacketSize: facts.maxPacketBytes,
      ...(assignedClientId !== undefined && { assignedClientIdentifier: assignedClientId }),
      subscriptionIdentifiersAvailable: false,
      sharedSubscriptionAvailable: false,
      ...(serverKeepAliveSeconds !== undefined && { serverKeepAlive: serverKeepAliveSeconds }),
    },
  };
}

/** The bytes of the CONNACK by which a device is let in. Absent: the device takes no packet as long as this. */
export function connackFor(
  hello: Hello,
  {
    assignedClientId,
    ...limits
  }: Pick<ConnackFacts, 'receiveMaximum' | 'maxPacketBytes'> & { readonly assignedClientId: string },
): Uint8Array | undefined {
  if (hello.version !== 5) return plainConnack;
  const connack = acceptedConnack({
    ...(hello.clientId === '' && { assignedClientId }),
    ...hello.keepAlive,
    sessionExpiryAsked: hello.sessionExpiryAsked,
    receiveMaximum: limits.receiveMaximum,
    maxPacketBytes: limits.maxPacketBytes,
  });
  return packetFor(hello.addressee, connack);
}

/** The CONNACK by which a device is refused, in the codes of its version. */
export function refusingConnack(reason: RefusedFor, version: number): IConnackPacket {
  const { v3, v5 } = refusalCodes[reason];
  return {
    cmd: 'connack',
    sessionPresent: false,
    ...(version === 5 ? { reasonCode: v5 } : { returnCode: v3 }),
  };
}
