import { connect as connectSocket, type Socket } from 'node:net';
import type { DeviceWire } from './device-wire.ts';
import { deviceId, password, tenants } from './stage.ts';

/** One try of a device to connect, and what became of it as the device saw it: the truth that events are held against. */
export interface Attempt {
  /** Client id or container-id; no two attempts share one. */
  readonly remoteId: string;
  readonly tenant: string;
  readonly device: string;
  /** `unknown`: the connection was lost before an answer came. */
  outcome: 'accepted' | 'refused' | 'unknown';
  /** Why it ended, as the device knows; `lost`: it was cut by the other side. */
  ended?: 'client-closed' | 'connection-lost' | 'lost';
  acceptedAt?: number;
  readonly socket: Socket;
}

interface ConnectOptions {
  readonly tenant?: (typeof tenants)[number];
  readonly password?: string;
}

/** Devices on bare sockets, and the truth about them. */
export interface Fleet {
  readonly attempts: readonly Attempt[];
  /** Resolves with the attempt, answered or lost; `undefined` where nothing listens. */
  connect(index: number, options?: ConnectOptions): Promise<Attempt | undefined>;
  /** Connects devices 0 to `count` - 1, a hundred at a time. */
  connectAll(count: number): Promise<void>;
  /** A clean goodbye. */
  leave(attempt: Attempt): void;
  /** Cuts the network connection. */
  cut(attempt: Attempt): void;
  ping(attempt: Attempt): void;
  open(): readonly Attempt[];
  end(): void;
}

/** @param remoteIdLength that each name is padded to: what an adapter keeps of a connection grows with it. */
export function createFleet(port: number, wire: DeviceWire, remoteIdLength = 0): Fleet {
  const attempts: Attempt[] = [];
  let begun = 0;

  const fleet: Fleet = {
    attempts,
    async connectAll(count) {
      const waiting = Array.from({ length: count }, (_, index) => index);
      const connectSome = async (): Promise<void> => {
        for (let index = waiting.pop(); index !== undefined; index = waiting.pop())
          await fleet.connect(index);
      };
      await Promise.all(Array.from({ length: 100 }, connectSome));
    },
    connect(index, { tenant = 'acme', password: secret = password } = {}) {
      const device = deviceId(index);
      const socket = connectSocket({ port, host: '127.0.0.1', noDelay: true });
      const attempt: Attempt = {
        remoteId: `${device}.${begun++}`.padEnd(remoteIdLength, '-'),
        tenant,
        device,
        outcome: 'unknown',
        socket,
      };
      socket.on('error', () => {});
      return new Promise((resolve) => {
        socket.once('connect', () => {
          attempts.push(attempt);
          const username = `${device}@${tenant}`;
          socket.write(wire.connect({ username, password: secret, remoteId: attempt.remoteId }));
        });
        let heard = Buffer.alloc(0);
        socket.on('data', function hear(bytes: Buffer) {
          heard = Buffer.concat([heard, bytes]);
          const answer = wire.readAnswer(heard);
          if (answer === undefined) return;
          socket.off('data', hear).resume();
          attempt.outcome = answer;
          attempt.acceptedAt = Date.now();
          resolve(attempt);
        });
        socket.once('close', () => {
          attempt.ended ??= 'lost';
          resolve(attempts.includes(attempt) ? attempt : undefined);
        });
      });
    },
    leave(attempt) {
      attempt.ended ??= 'client-closed';
      attempt.socket.end(wire.goodbye);
    },
    cut(attempt) {
      attempt.ended ??= 'connection-lost';
      attempt.socket.resetAndDestroy();
    },
    ping: ({ socket }) => void socket.write(wire.ping),
    open: () => attempts.filter(({ outcome, ended }) => outcome === 'accepted' && ended === undefined),
    end() {
      for (const { socket } of attempts) socket.destroy();
    },
  };
  return fleet;
}
