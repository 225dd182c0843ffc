import { once } from 'node:events';
import type { Socket } from 'node:net';

/** A client that says what it is told to, and hears every byte: what libraries hide shows here. */
export interface RawClient {
  readonly socket: Socket;
  say(...bytes: readonly Uint8Array[]): void;
  /** The next whole unit, a protocol header or a frame; `undefined` where the connection ended. */
  hear(): Promise<Buffer | undefined>;
}

export const saslHeader: Uint8Array = Buffer.from('AMQP\x03\x01\x00\x00', 'latin1');
export const amqpHeader: Uint8Array = Buffer.from('AMQP\x00\x01\x00\x00', 'latin1');
/** An Open with nothing but a container-id. */
export const openFrame = (containerId: string): Uint8Array =>
  frame(0, 0x10, variable(0xa1, Buffer.from(containerId)));

/** A `sasl-init` (AMQP 1.0 §5.3.3.2). */
export const saslInit = (mechanism: string, response = ''): Uint8Array =>
  frame(1, 0x41, variable(0xa3, Buffer.from(mechanism)), variable(0xa0, Buffer.from(response)));

export const saslResponse = (): Uint8Array => frame(1, 0x43, variable(0xa0, Buffer.alloc(0)));

function variable(constructor: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(constructor, bytes.length), bytes]);
}

function frame(type: number, descriptor: number, ...fields: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(fields);
  const list = Uint8Array.of(0x00, 0x53, descriptor, 0xc0, content.length + 1, fields.length);
  const body = Buffer.concat([list, content]);
  const header = Buffer.from([0, 0, 0, 0, 2, type, 0, 0]);
  header.writeUInt32BE(body.length + 8);
  return Buffer.concat([header, body]);
}

export function rawClient(socket: Socket): RawClient {
  let held = Buffer.alloc(0);
  let over = false;
  socket.on('data', (chunk: Buffer) => (held = Buffer.concat([held, chunk])));
  socket.on('error', () => {});
  for (const event of ['end', 'close']) socket.on(event, () => (over = true));

  function take(): Buffer | undefined {
    if (held.length < 8) return undefined;
    const size = held.toString('latin1', 0, 4) === 'AMQP' ? 8 : held.readUInt32BE();
    if (held.length < size) return undefined;
    const unit = held.subarray(0, size);
    held = held.subarray(size);
    return unit;
  }

  return {
    socket,
    say: (...bytes) => void socket.write(Buffer.concat(bytes)),
    async hear() {
      for (;;) {
        const unit = take();
        if (unit || over) return unit;
        const heard = new AbortController();
        const { signal } = heard;
        await Promise.race(
          ['data', 'end', 'close'].map((event) => once(socket, event, { signal }).catch(() => {})),
        );
        heard.abort();
      }
    },
  };
}
