import { connect as connectSocket, type Socket } from 'node:net';
import { mqttWire, soleAmqpWire } from '../../faults/support/device-wire.ts';
import { deviceId, password } from '../../faults/support/stage.ts';

export type RoamingProtocol = 'mqtt' | 'amqp';

/** What a device saw of one connection. */
interface Visit {
  readonly device: string;
  readonly port: number;
  readonly socket: Socket;
  readonly askedAt: number;
  answer: 'accepted' | 'refused' | undefined;
  /** What can be read of the answer, for whoever looks for a cause. */
  words: string;
  answeredAt: number | undefined;
  /** Of its socket; `undefined` while it is not connected. */
  localPort: number | undefined;
  /** When the device itself said goodbye, in milliseconds since the Unix epoch. */
  leftAt: number | undefined;
  closedAt: number | undefined;
}

/**
 * Devices on bare sockets that connect to one adapter and then to another, under the same client id or container-id. They leave their
 * old sockets behind half open: whoever holds the other end must find out.
 */
export class RoamingDevices {
  readonly visits: Visit[] = [];
  readonly #wire;

  constructor(protocol: RoamingProtocol) {
    this.#wire = protocol === 'mqtt' ? mqttWire : soleAmqpWire;
  }

  /** Devices of these numbers connect, a hundred at a time. Resolves once each was answered, or lost its socket. */
  async connect(numbers: readonly number[], port: number): Promise<readonly Visit[]> {
    const waiting = [...numbers];
    const visits: Visit[] = [];
    const some = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
        visits.push(await this.#visit(deviceId(next), port));
    };
    await Promise.all(Array.from({ length: 100 }, some));
    return visits;
  }

  #visit(device: string, port: number): Promise<Visit> {
    const socket = connectSocket({ port, host: '127.0.0.1', noDelay: true });
    const visit: Visit = {
      device,
      port,
      socket,
      askedAt: performance.now(),
      answer: undefined,
      words: '',
      answeredAt: undefined,
      localPort: undefined,
      leftAt: undefined,
      closedAt: undefined,
    };
    this.visits.push(visit);
    socket.on('error', () => {});
    socket.once('connect', () => (visit.localPort = socket.localPort));
    socket.write(this.#wire.connect({ username: `${device}@acme`, password, remoteId: device }));
    return new Promise((resolve) => {
      let heard = Buffer.alloc(0);
      socket.on('data', (bytes: Buffer) => {
        heard = Buffer.concat([heard, bytes]);
        if (visit.answer !== undefined) return;
        visit.answer = this.#wire.readAnswer(heard);
        if (visit.answer === undefined) return;
        visit.words = heard.toString('latin1').replaceAll(/[^ -~]+/g, ' ');
        visit.answeredAt = performance.now();
        resolve(visit);
      });
      socket.once('close', () => {
        visit.closedAt = performance.now();
        resolve(visit);
      });
    });
  }

  /** A clean goodbye of everybody who is connected. */
  leave(): void {
    for (const visit of this.open()) {
      visit.leftAt = Date.now();
      visit.socket.end(this.#wire.goodbye);
    }
  }

  /** Accepted, and not closed by anybody. */
  open(): readonly Visit[] {
    return this.visits.filter(
      ({ answer, closedAt, leftAt }) =>
        answer === 'accepted' && closedAt === undefined && leftAt === undefined,
    );
  }

  /** Devices that were let in once, and have no open socket now. */
  lost(): readonly number[] {
    const open = new Set(this.open().map(({ device }) => device));
    const all = new Set(this.visits.map(({ device }) => device));
    return [...all].filter((device) => !open.has(device)).map((device) => Number(device.split('-')[1]));
  }

  end(): void {
    for (const { socket } of this.visits) socket.destroy();
  }
}
