import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { sends, type Life } from './life.ts';

/** Ways in which an HTTP device leaves without a word, in the middle of something. */
export const httpPartings = [
  'vanished mid-body',
  'vanished, and garbage came behind its request',
  'hung up while it waited for a command',
  'vanished, with a wait for a command beside',
] as const;
export type HttpParting = (typeof httpPartings)[number];

interface RawHttp {
  /** Its last bytes are written when it resolves. */
  part(how: HttpParting, life: Life): Promise<void>;
  /** Closes what a device that vanished had left open. */
  close(): void;
}

const aMomentMs = 100;
const connectedWithinMs = 4_000;

/** Requests as they go over the wire. The device closes none of its connections before `close`. */
export function rawHttp(port: number, authorization: string): RawHttp {
  const open = new Set<Socket>();

  function request(headers: readonly string[], body = ''): string {
    const head = ['POST /event HTTP/1.1', 'host: adapter', `authorization: ${authorization}`, ...headers];
    return `${head.join('\r\n')}\r\ncontent-type: text/plain\r\n\r\n${body}`;
  }

  async function write(life: Life, text: string): Promise<Socket> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    open.add(socket);
    socket.on('error', () => {}).resume();
    // What is written before is kept in this process, which may be late.
    await Promise.race([once(socket, 'connect').catch(() => {}), pause(connectedWithinMs)]);
    sends(life);
    socket.write(text);
    await pause(aMomentMs);
    return socket;
  }

  return {
    async part(how, life) {
      switch (how) {
        case 'vanished mid-body':
          await write(life, request(['content-length: 100'], 'half of it'));
          return;
        case 'vanished, and garbage came behind its request':
          await write(life, `${request(['content-length: 1'], 'x')}garbage\r\n\r\n`);
          return;
        case 'hung up while it waited for a command':
          (await write(life, request(['content-length: 1', 'hono-ttd: 2'], 'x'))).destroy();
          return;
        case 'vanished, with a wait for a command beside':
          await write(life, request(['content-length: 1', 'hono-ttd: 2'], 'x'));
          await write(life, request(['content-length: 1'], 'x'));
          return;
        default:
          how satisfies never;
      }
    },
    close() {
      for (const socket of open) socket.destroy();
      open.clear();
    },
  };
}
