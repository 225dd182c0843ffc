import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** A way between one client and a UDP port, which can lose what should not arrive. */
export interface UdpRelay {
  readonly port: number;
  /** From now on, nothing reaches the client that `lose` says yes to; datagrams are as on the wire. */
  lose(lose: (datagram: Buffer) => boolean): void;
  close(): void;
}

export async function relayTo(serverPort: number): Promise<UdpRelay> {
  const front = createSocket('udp4');
  const back = createSocket('udp4');
  let clientPort = 0;
  let isLost = (_datagram: Buffer): boolean => false;
  front.on('message', (datagram, { port }) => {
    clientPort = port;
    back.send(datagram, serverPort, '127.0.0.1');
  });
  back.on('message', (datagram) => {
    if (!isLost(datagram)) front.send(datagram, clientPort, '127.0.0.1');
  });
  for (const socket of [front, back]) {
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
  }
  return {
    port: front.address().port,
    lose(lose) {
      isLost = lose;
    },
    close() {
      front.close();
      back.close();
    },
  };
}
