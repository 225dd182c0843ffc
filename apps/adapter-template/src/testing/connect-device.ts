import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { says } from './says.ts';

/** The answer to a login that is accepted. */
export const welcome = 'ok';

/** A device that speaks the protocol over a real socket. */
export function connectDevice(port: number, socket: Socket = connect(port, '127.0.0.1')) {
  socket.on('error', () => {});
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  return {
    socket,
    send: (...requests: readonly Uint8Array[]) => socket.write(Buffer.concat(requests)),
    /** The next answer; `undefined` once the adapter closed the connection. */
    next: async (): Promise<string | undefined> => {
      const { value } = (await lines.next()) as { value: string | undefined };
      return value;
    },
    logIn(username?: string, password?: string) {
      this.send(says.login(username, password));
      return this.next();
    },
    /** Whether it is answered when it asks for something. */
    async isServed(): Promise<boolean> {
      this.send(says.ping);
      return (await this.next()) === 'ok';
    },
  };
}
