import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** A way between one client and a UDP port, which can lose what should not arrive. */
export interface UdpRelay {
  readonly port: number;
  /** From now on, nothing reaches the client that `lose` says yes to; datagrams are as on the wire. */
  lose(lose: (datagram: Buffer) => boolean): void;
  /** As a NAT that has forgotten the client: from now on the server hears it from another port, and reaches it there only. */
  rebind(): Promise<void>;
  close(): void;
}

/** What becomes of a datagram on its way: it is delivered never, once or several times, now or later. */
interface UdpWay {
  carry(datagram: Uint8Array, deliver: (datagram: Uint8Array) => void): void;
}

export interface UdpWays {
  readonly toServer: UdpWay;
  readonly toClient: UdpWay;
}

const straight: UdpWay = { carry: (datagram, deliver) => deliver(datagram) };

export async function relayTo(
  serverPort: number,
  { toServer, toClient }: UdpWays = { toServer: straight, toClient: straight },
): Promise<UdpRelay> {
  let clientPort = 0;
  let isLost = (_datagram: Buffer): boolean => false;
  let isClosed = false;
  const front = await bound((datagram, port) => {
    clientPort = port;
    toServer.carry(datagram, (arrived) => {
      if (!isClosed) back.send(arrived, serverPort, '127.0.0.1');
    });
  });
  const bindBack = (): Promise<Socket> =>
    bound((datagram) => {
      if (isLost(datagram)) return;
      toClient.carry(datagram, (arrived) => {
        if (!isClosed) front.send(arrived, clientPort, '127.0.0.1');
      });
    });
  let back = await bindBack();
  return {
    port: front.address().port,
    lose(lose) {
      isLost = lose;
    },
    async rebind() {
      const before = back;
      // While the old port is taken, so that it is another one.
      back = await bindBack();
      before.close();
    },
    close() {
      isClosed = true;
      front.close();
      back.close();
    },
  };
}

async function bound(receive: (datagram: Buffer, port: number) => void): Promise<Socket> {
  const socket = createSocket('udp4', (datagram, { port }) => receive(datagram, port));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}
