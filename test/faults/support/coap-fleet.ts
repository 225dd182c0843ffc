import { createSocket, type Socket } from 'node:dgram';
import { createCoapClient, type CoapClient } from '@rollcall/coap/testing';
import { codeClass, type CoapMessage } from '@rollcall/coap';
import { systemClock, systemRandom } from '@rollcall/core';
import { createDtlsClient, type DtlsClient } from '@rollcall/dtls/testing';
import { deviceId, password } from './stage.ts';

/** A CoAP device, and the truth about it: whether it was heard, and whether it said goodbye and was understood. */
export interface CoapDevice {
  readonly id: string;
  heard: boolean;
  left: boolean;
}

/**
 * CoAP devices over DTLS, each on a socket of its own. They do not give up: an adapter that is killed does not know them any more,
 * and they make a new association.
 */
export interface CoapFleet {
  readonly devices: readonly CoapDevice[];
  /** The next device sends its first request. Resolves once that was answered. */
  appear(): Promise<CoapDevice>;
  /** One more request. */
  report(device: CoapDevice): Promise<void>;
  /** Says goodbye. Resolves once that was answered. */
  leave(device: CoapDevice): Promise<void>;
  /** Somebody with a wrong key, in the name of a device that never appears. */
  intrude(): void;
  end(): void;
}

/** On loopback an answer is there soon, or will never be: the adapter was killed meanwhile, perhaps after it had acknowledged. */
const timing = { ackTimeoutMs: 500, maxRetransmit: 1, exchangeLifetimeMs: 3_000 };
const handshakeWithinMs = 2_000;
const intruder = 'device-0';

interface Association {
  readonly socket: Socket;
  readonly dtls: DtlsClient;
  readonly coap: CoapClient;
  readonly opened: Promise<boolean>;
}

export function createCoapFleet(port: number): CoapFleet {
  const devices: CoapDevice[] = [];
  const associations = new Map<CoapDevice, Association>();
  const intruders: Association[] = [];
  let ended = false;

  function associate(id: string, secret: string): Association {
    const { promise: opened, resolve } = Promise.withResolvers<boolean>();
    const socket = createSocket('udp4', (datagram) => dtls.receive(datagram));
    const dtls = createDtlsClient({
      clock: systemClock,
      cipherSuites: ['TLS_PSK_WITH_AES_128_CCM_8'],
      psk: { identity: Buffer.from(`${id}@acme`), secret: Buffer.from(secret) },
      retransmitMs: timing.ackTimeoutMs,
      send: (datagram) => ended || socket.send(datagram, port, '127.0.0.1'),
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
    setTimeout(() => resolve(false), handshakeWithinMs);
    dtls.connect();
    return { socket, dtls, coap, opened };
  }

  function close({ socket, dtls, coap }: Association): void {
    dtls.vanish();
    coap.close();
    socket.close();
  }

  /** Asks until there is an answer. */
  async function ask(device: CoapDevice, query: readonly string[] = []): Promise<CoapMessage> {
    for (;;) {
      if (ended) throw new Error('the fleet has ended');
      const association = associations.get(device) ?? associate(device.id, password);
      associations.set(device, association);
      if (await association.opened) {
        const payload = Buffer.from(query.length === 0 ? '21.5' : '');
        const answer = await association.coap.request({ path: ['e'], query, payload }).catch(() => undefined);
        if (answer) return answer;
      }
      if (associations.delete(device)) close(association);
    }
  }

  async function report(device: CoapDevice): Promise<void> {
    const { code } = await ask(device);
    // 5.03 says that the network is away, and 4.xx that it may not.
    if (codeClass(code) === 4) throw new Error(`${device.id} was refused`);
    device.heard = true;
  }

  return {
    devices,
    report,
    async appear() {
      const device: CoapDevice = { id: deviceId(devices.length + 1), heard: false, left: false };
      devices.push(device);
      await report(device);
      return device;
    },
    async leave(device) {
      await ask(device, ['empty', 'hono-ttd=0']);
      device.left = true;
    },
    intrude: () => void intruders.push(associate(intruder, 'guess')),
    end() {
      ended = true;
      for (const association of [...associations.values(), ...intruders]) close(association);
      associations.clear();
    },
  };
}
