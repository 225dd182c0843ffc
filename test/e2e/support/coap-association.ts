import { createSocket } from 'node:dgram';
import { createCoapClient, type CoapClient } from '@rollcall/coap/testing';
import { systemClock, systemRandom } from '@rollcall/core/environment';
import { createDtlsClient } from '@rollcall/dtls/testing';

/** A CoAP device and its association with an adapter on loopback. */
export interface CoapAssociation {
  readonly coap: CoapClient;
  /** Whether the adapter let the device in. */
  readonly opened: Promise<boolean>;
  /** Sends one record of data, which may be empty. */
  send(bytes: Uint8Array): void;
  /** Says close_notify. */
  close(): void;
  /** The device goes without a word. */
  vanish(): void;
}

/** On loopback an answer is there soon, or will never be: the adapter was killed meanwhile, perhaps after it had acknowledged. */
const soon = { ackTimeoutMs: 500, maxRetransmit: 1, exchangeLifetimeMs: 3_000 };
/** However busy the machine is. */
export const patientTiming = { ackTimeoutMs: 1_000, maxRetransmit: 4, exchangeLifetimeMs: 60_000 };
/** The same, for a handshake with an adapter that is not killed. */
export const patientHandshakeMs = 60_000;

interface AssociationOptions {
  /** Default: only so long that a device whose adapter was killed soon tries again. */
  readonly handshakeWithinMs?: number;
  readonly timing?: typeof soon;
  /** Where the device sends from, on loopback; default: wherever. */
  readonly localAddress?: string;
  /** Called for each datagram that the device sends, those that it sends again too. */
  readonly onSend?: () => void;
}

/** @param identity `auth-id@tenant`. */
export function associate(
  port: number,
  identity: string,
  secret: string,
  { handshakeWithinMs = 2_000, timing = soon, localAddress, onSend = () => {} }: AssociationOptions = {},
): CoapAssociation {
  const { promise: opened, resolve } = Promise.withResolvers<boolean>();
  let gone = false;
  const socket = createSocket('udp4', (datagram) => dtls.receive(datagram));
  if (localAddress !== undefined) socket.bind(0, localAddress);
  const dtls = createDtlsClient({
    clock: systemClock,
    cipherSuites: ['TLS_PSK_WITH_AES_128_CCM_8'],
    psk: { identity: Buffer.from(identity), secret: Buffer.from(secret) },
    retransmitMs: soon.ackTimeoutMs,
    send(datagram) {
      if (gone) return;
      onSend();
      socket.send(datagram, port, '127.0.0.1');
    },
    onOpen: () => resolve(true),
    onMessage: (message) => coap.receive(message),
    onClose: () => resolve(false),
  });
  const coap = createCoapClient({
    clock: systemClock,
    random: systemRandom,
    timing,
    send: (message) => dtls.isOpen && dtls.send(message),
  });
  setTimeout(() => resolve(false), handshakeWithinMs).unref();
  dtls.connect();
  return {
    coap,
    opened,
    send(bytes) {
      if (dtls.isOpen) dtls.send(bytes);
    },
    close() {
      if (dtls.isOpen) dtls.close();
    },
    vanish() {
      gone = true;
      dtls.vanish();
      coap.close();
      socket.close();
    },
  };
}
