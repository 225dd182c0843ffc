import { createSocket } from 'node:dgram';
import { systemClock } from '@rollcall/core/environment';
import { createDtlsClient, type DtlsClientOptions } from '@rollcall/dtls/testing';

export interface FloodOptions {
  readonly port: number;
  readonly psk: NonNullable<DtlsClientOptions['psk']>;
  /** On loopback; one after the other. */
  readonly addresses: readonly string[];
  readonly handshakesPerSecond: number;
  /** The parts of a datagram that are sent; by default all of it. */
  readonly sends?: (datagram: Buffer) => readonly Buffer[];
}

export interface Flood {
  readonly handshakes: number;
  readonly sentBytes: number;
  stop(): void;
}

const roundsPerSecond = 20;
/** How long a stranger listens; it needs only a few datagrams to get its cookie. */
const livesForMs = 500;

/** Handshakes of strangers, each from another port, until it is stopped. */
export function startHandshakeFlood(options: FloodOptions): Flood {
  const { addresses, handshakesPerSecond, psk, port, sends = (datagram) => [datagram] } = options;
  let handshakes = 0;
  let sentBytes = 0;
  let due = 0;

  function one(): void {
    const address = addresses[handshakes++ % addresses.length];
    const socket = createSocket('udp4');
    let isOver = false;
    const client = createDtlsClient({
      clock: systemClock,
      cipherSuites: ['TLS_PSK_WITH_AES_128_CCM_8'],
      psk,
      send(datagram) {
        for (const each of isOver ? [] : sends(datagram)) {
          sentBytes += each.length;
          socket.send(each, port, '127.0.0.1');
        }
      },
    });
    socket.on('message', (datagram) => client.receive(datagram));
    socket.bind(0, address, () => client.connect());
    setTimeout(() => {
      isOver = true;
      client.vanish();
      socket.close();
    }, livesForMs);
  }

  const rounds = setInterval(() => {
    for (due += handshakesPerSecond / roundsPerSecond; due >= 1; due--) one();
  }, 1_000 / roundsPerSecond);

  return {
    get handshakes() {
      return handshakes;
    },
    get sentBytes() {
      return sentBytes;
    },
    stop: () => clearInterval(rounds),
  };
}
