import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import type { Aedes, Client } from 'aedes';
import { arrived } from '@rollcall/conformance';
import { generate, type Packet } from 'mqtt-packet';
import { afterEach, describe, expect, test } from 'vitest';
import {
  internalsOf,
  muteConnack,
  onPacket,
  onParseError,
  readWhatArrived,
  serveHalfOpen,
  stopKeepAliveTimer,
} from './aedes-internals.ts';
import { createSilentBroker } from './silent-broker.ts';

// What the adapter relies on in aedes 2.0.0-beta.1 and cannot see in its typings. Where one of these fails after an
// upgrade, the adapter must change with it.

let broker: Aedes | undefined;
const closers: (() => void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await new Promise<void>((resolve) => (broker ? broker.close(() => resolve()) : resolve()));
  broker = undefined;
});

async function givenABroker(
  hooks: Parameters<typeof createSilentBroker>[0],
  onClient: (client: Client) => void,
) {
  const opened = await createSilentBroker(hooks);
  broker = opened;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const before = socket.listeners('end');
    const client = opened.handle(socket);
    serveHalfOpen(client, before);
    onClient(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {});
  closers.push(
    () => socket.destroy(),
    () => server.close(),
  );
  return { broker: opened, socket };
}

const connectPacket: Packet = {
  cmd: 'connect',
  protocolId: 'MQTT',
  protocolVersion: 5,
  clean: true,
  clientId: 'a',
  keepalive: 60,
};
const bytesOf = (packet: Packet): Buffer => generate(packet, { protocolVersion: 5 });

describe('aedes', () => {
  test('tells the parser of every packet before it acts on it', async () => {
    const seen: string[] = [];
    const { socket } = await givenABroker({}, (client) =>
      onPacket(client, ({ cmd }) =>
        seen.push(`${cmd} ${internalsOf(client).conn.destroyed ? 'after' : 'before'}`),
      ),
    );
    socket.write(Buffer.concat([bytesOf(connectPacket), bytesOf({ cmd: 'pingreq' })]));
    await once(socket, 'data');
    socket.write(bytesOf({ cmd: 'disconnect', reasonCode: 4 }));
    await once(socket, 'close');
    expect(seen).toEqual(['connect before', 'pingreq before', 'disconnect before']);
  });

  test('tells the parser of malformed bytes before it cuts the connection', async () => {
    let cut: boolean | undefined;
    const { socket } = await givenABroker({}, (client) =>
      onParseError(client, () => (cut = internalsOf(client).conn.destroyed)),
    );
    socket.write(bytesOf(connectPacket));
    await once(socket, 'data');
    socket.write(Buffer.from([0xff, 0, 0, 0]));
    await once(socket, 'close');
    expect(cut).toBe(false);
  });

  test('writes no CONNACK where it is muted, and says connackSent before it writes anything else', async () => {
    const own = bytesOf({ cmd: 'connack', sessionPresent: false, reasonCode: 0 });
    let unmute = (): void => {};
    const { socket, broker: opened } = await givenABroker(
      {
        authenticate(client, _username, _password, done) {
          internalsOf(client).conn.write(own);
          unmute = muteConnack(client);
          done(null, true);
        },
      },
      () => {},
    );
    opened.on('connackSent', () => unmute());
    socket.write(Buffer.concat([bytesOf(connectPacket), bytesOf({ cmd: 'pingreq' })]));
    const pingresp = bytesOf({ cmd: 'pingresp' });
    let answers = Buffer.alloc(0);
    while (!answers.includes(pingresp)) answers = Buffer.concat([answers, ...(await once(socket, 'data'))]);
    expect(answers).toEqual(Buffer.concat([own, pingresp]));
  });

  test('has no timer of its own for silence once it is taken away', async () => {
    let client: Client | undefined;
    const { socket, broker: opened } = await givenABroker({}, (each) => (client = each));
    opened.on('clientReady', stopKeepAliveTimer);
    const ready = once(opened, 'clientReady');
    socket.write(bytesOf(connectPacket));
    await ready;
    const { _keepaliveTimer, _keepaliveInterval } = internalsOf(client as Client);
    expect({ _keepaliveTimer, _keepaliveInterval }).toEqual({
      _keepaliveTimer: null,
      _keepaliveInterval: -1,
    });
    // A packet would arm it again.
    const answered = new Promise<void>((resolve) =>
      socket.on('data', (bytes: Buffer) => {
        if (bytes.includes(bytesOf({ cmd: 'pingresp' }))) resolve();
      }),
    );
    socket.write(bytesOf({ cmd: 'pingreq' }));
    await answered;
    expect(internalsOf(client as Client)._keepaliveTimer).toBeNull();
  });

  test('calls authorizePublish before it acknowledges, and acknowledges nothing that became QoS 0', async () => {
    const { socket } = await givenABroker(
      {
        authorizePublish(_client, packet, done) {
          packet.qos = 0;
          done(null);
        },
      },
      () => {},
    );
    socket.write(bytesOf(connectPacket));
    await once(socket, 'data');
    const publish: Packet = {
      cmd: 'publish',
      topic: 't',
      payload: 'x',
      qos: 1,
      messageId: 3,
      dup: false,
      retain: false,
    };
    socket.write(Buffer.concat([bytesOf(publish), bytesOf({ cmd: 'pingreq' })]));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer).toEqual(bytesOf({ cmd: 'pingresp' }));
  });

  test('says connackSent once the CONNACK is written, and refuses a packet by its announced length', async () => {
    let client: Client | undefined;
    const { socket, broker: opened } = await givenABroker(
      { maximumPacketSize: 100 },
      (each) => (client = each),
    );
    socket.write(bytesOf(connectPacket));
    await once(opened, 'connackSent');
    await new Promise((resolve) => setImmediate(resolve));
    expect(client && internalsOf(client).connackSent).toBe(true);
    const failed = once(opened, 'clientError');
    socket.write(Buffer.from([0x30, 0xff, 0xff, 0x7f, 0, 1]));
    const [, error] = (await failed) as [Client, Error];
    expect(error.message).toBe('packet too large');
  });

  /** A device whose messages are not handled before `handle` is called: aedes looks in vain as often as it has some at hand. */
  async function givenSlowMessages() {
    let client: Client | undefined;
    const seen: string[] = [];
    const unhandled: (() => void)[] = [];
    const { socket } = await givenABroker(
      {
        authorizePublish(_client, packet, done) {
          unhandled.push(() => {
            packet.qos = 0;
            done(null);
          });
        },
      },
      (each) => {
        client = each;
        onPacket(each, ({ cmd }) => seen.push(cmd));
      },
    );
    socket.write(bytesOf(connectPacket));
    await once(socket, 'data');
    const slow = { cmd: 'publish', topic: 't', payload: 'x', qos: 1, messageId: 1 } as const;
    const message = bytesOf({ ...slow, dup: false, retain: false });
    socket.write(Buffer.concat(Array.from({ length: 5 }, () => message)));
    await expect.poll(() => seen).toHaveLength(6);
    const handle = (): void => {
      for (const one of unhandled.splice(0)) one();
    };
    return { socket, seen, client: client as Client, handle };
  }

  test('reads nothing while it handles a message, and everything when it is told to', async () => {
    const { socket, seen, client } = await givenSlowMessages();
    socket.write(bytesOf({ cmd: 'pingreq' }));
    await arrived(socket);
    expect(seen).toHaveLength(6);
    readWhatArrived(client);
    expect(seen.slice(6)).toEqual(['pingreq']);
  });

  test('handles what had arrived when the connection broke, where it is told before the error', async () => {
    const { socket, seen, client } = await givenSlowMessages();
    internalsOf(client).conn.prependListener('error', () => readWhatArrived(client));
    socket.write(bytesOf({ cmd: 'pingreq' }), () => socket.resetAndDestroy());
    await expect.poll(() => internalsOf(client).closed).toBe(true);
    expect(seen.slice(6)).toEqual(['pingreq']);
  });

  test('goes on when the device closes its side, once the listener of aedes for that is taken away', async () => {
    const { socket, client, handle } = await givenSlowMessages();
    const answered = once(socket, 'data');
    socket.end(bytesOf({ cmd: 'pingreq' }));
    await arrived(socket);
    handle();
    expect(((await answered) as [Buffer])[0]).toEqual(bytesOf({ cmd: 'pingresp' }));
    expect(internalsOf(client).closed).toBe(false);
  });
});

test('no other file of the adapter casts objects of aedes or its parser, or names their private members', () => {
  const folder = new URL('.', import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  const wrong = files
    .filter((file) => file !== 'aedes-internals.ts' && file !== 'strict-parser.ts')
    .flatMap((file) =>
      readFileSync(new URL(file, folder), 'utf8')
        .split('\n')
        .filter((line) => /\.#?_[a-z]\w*|\bas (?:unknown as|never)\b/.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    );
  expect(files.length).toBeGreaterThan(20);
  expect(wrong).toEqual([]);
});
