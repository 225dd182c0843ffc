import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { systemClock, systemRandom } from '@rollcall/core/environment';
import { createCoapClient, type CoapClient, type CoapClientRequest } from '@rollcall/coap/testing';
import type { CoapMessage } from '@rollcall/coap/codec';
import { createDtlsClient, type DtlsClient, type DtlsClientOptions } from '@rollcall/dtls/testing';
import { sendText } from './send-text.ts';

export interface CoapDeviceOptions extends Pick<
  DtlsClientOptions,
  'psk' | 'certificate' | 'serverName' | 'connectionId' | 'session' | 'retransmitMs'
> {
  readonly cipherSuite?: DtlsClientOptions['cipherSuites'][number];
  /** Called with every datagram that is sent, and with every CoAP message in one. */
  onDatagram?(datagram: Buffer): void;
  onCoap?(message: Buffer): void;
}

/** A device on loopback, with its own socket, DTLS and CoAP, on the system's clock. */
export interface CoapDevice {
  /** Whether the adapter let it in. */
  connect(): Promise<boolean>;
  /** The whole answer. Rejects if there is none. */
  ask(request: CoapClientRequest): Promise<CoapMessage>;
  /** The code of the answer, e.g. `2.04`. */
  send(path: string, request?: CoapClientRequest): Promise<string>;
  readonly coap: CoapClient;
  readonly dtls: DtlsClient;
  /** Goes on from another port, as behind a NAT that forgot the old one. */
  rebind(): Promise<void>;
  /** Sends close_notify. */
  close(): void;
  /** Vanishes without close_notify. */
  vanish(): void;
}

/**
 * On loopback nothing is lost: if the adapter is silent for this long, it will never answer. Datagrams in the socket are read before
 * that is decided, so that a busy machine changes nothing.
 */
const silentForMs = 400;
/** Turns of the event loop in which both ends read their sockets. */
const socketTurns = 20;

export function createCoapDevice(port: number, options: CoapDeviceOptions): CoapDevice {
  let socket: Socket = openSocket();
  let opened = (_open: boolean): void => {};
  let received = 0;

  function openSocket(): Socket {
    const created = createSocket('udp4');
    created.on('message', (datagram) => {
      received += 1;
      dtls.receive(datagram);
    });
    created.bind(0, '127.0.0.1');
    return created;
  }

  const dtls = createDtlsClient({
    ...options,
    clock: systemClock,
    cipherSuites: [options.cipherSuite ?? (options.psk ? 'TLS_PSK_WITH_AES_128_CCM_8' : ecdsaSuite)],
    send(datagram) {
      options.onDatagram?.(datagram);
      socket.send(datagram, port, '127.0.0.1');
    },
    onOpen: () => opened(true),
    onMessage: (plaintext) => coap.receive(plaintext),
    onClose: () => opened(false),
  });
  const coap = createCoapClient({
    clock: systemClock,
    random: systemRandom,
    send(message) {
      options.onCoap?.(message);
      if (dtls.isOpen) dtls.send(message);
    },
  });

  function leave(): void {
    coap.close();
    socket.close();
  }

  return {
    coap,
    dtls,
    async connect() {
      const answer = new Promise<boolean>((resolve) => {
        opened = resolve;
      });
      const silent = whileAnswered(() => received).then(() => false);
      dtls.connect();
      return Promise.race([answer, silent]);
    },
    ask: (request) => coap.request(request),
    send: (path, request) => sendText(coap, path, request),
    async rebind() {
      const before = socket;
      socket = openSocket();
      await once(socket, 'listening');
      before.close();
    },
    close() {
      dtls.close();
      // The datagram is on its way before the socket is closed.
      setImmediate(leave);
    },
    vanish() {
      dtls.vanish();
      leave();
    },
  };
}

/** Resolves once nothing was received for {@link silentForMs}. */
async function whileAnswered(received: () => number): Promise<void> {
  let before: number;
  do {
    before = received();
    await sleep(silentForMs);
    for (let turn = 0; turn < socketTurns; turn++) await nextTurn();
  } while (received() > before);
}

const ecdsaSuite = 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8';
