import type { DisconnectedChange } from '@rollcall/core/tracker';
import type { IConnackPacket } from 'mqtt-packet';
import { refusalCodes, type RefusedFor } from './device-answers.ts';
import type { Hello } from './hello.ts';
import { reasonCodes } from './reason-codes.ts';
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
  return refusal(version === 5 ? v5 : v3, version);
}

function refusal(code: number, version: number): IConnackPacket {
  return {
    cmd: 'connack',
    sessionPresent: false,
    ...(version === 5 ? { reasonCode: code } : { returnCode: code }),
  };
}

/** Why a connection ends, as a refusal; what is not here, as if the adapter could not serve it. */
const endAsRefusal: Readonly<Partial<Record<DisconnectedChange['reason'], RefusedFor>>> = {
  'access-revoked': 'tenant-disabled',
  'credentials-expired': 'tenant-disabled',
  'limit-exceeded': 'device-connections-exceeded',
};

/** Of the codes for a device that breaks the protocol, a CONNACK may have these (MQTT 5.0 §3.2.2.2). */
const mayBeInConnack: ReadonlySet<unknown> = new Set([
  reasonCodes.malformedPacket,
  reasonCodes.protocolError,
  reasonCodes.packetTooLarge,
]);

/**
 * The CONNACK for a device whose connection ends before it was answered: a DISCONNECT may only follow a CONNACK [MQTT-3.14.0-1].
 * `undefined`: there is none, as MQTT 3.1.1 wants it for a device that breaks the protocol [MQTT-4.8.0-1].
 */
export function endingConnack(
  { reason, raw }: Pick<DisconnectedChange, 'reason' | 'raw'>,
  version: number,
): IConnackPacket | undefined {
  if (reason !== 'protocol-error') return refusingConnack(endAsRefusal[reason] ?? 'unavailable', version);
  if (version !== 5) return undefined;
  return refusal(mayBeInConnack.has(raw?.code) ? Number(raw?.code) : reasonCodes.unspecified, version);
}
