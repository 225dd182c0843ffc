import { connect, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { FrameCutter } from '@rollcall/adapter-kit/arrival';
import { requestFormat } from '../request-format.ts';
import { isUnasked, says } from './says.ts';

/** The answer to a login that is accepted. */
export const welcome = 'ok';

/** What an answer says, in words that a test compares. Answers stand in the bytes as requests do. */
function wordsOf(answer: Uint8Array): string {
  return Buffer.from(answer).toString();
}

/** A device that speaks the protocol over a real socket. */
export function connectDevice(port: number, socket: Socket = connect(port, '127.0.0.1')) {
  const cutter = new FrameCutter(requestFormat(65_536));
  const heard = new PassThrough({ objectMode: true });
  const answers = heard[Symbol.asyncIterator]();
  socket.on('error', () => {});
  socket.on('data', (bytes: Uint8Array) => {
    for (const cut of cutter.cut(bytes))
      if (cut.type === 'frame' && !isUnasked(cut.bytes)) heard.write(wordsOf(cut.bytes));
  });
  socket.once('close', () => heard.end());
  return {
    socket,
    send: (...requests: readonly Uint8Array[]) => socket.write(Buffer.concat(requests)),
    /** The next answer; `undefined` once the adapter closed the connection. */
    next: async (): Promise<string | undefined> => {
      const { value } = (await answers.next()) as { value: string | undefined };
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
