import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import type { Aedes, Client } from 'aedes';
import { arrived } from '@rollcall/conformance/machine';
import { generate, type Packet } from 'mqtt-packet';
import { afterEach, describe, expect, test } from 'vitest';
import { beginSession, internalsOf, onPacket, onParseError, readWhatArrived } from './aedes-internals.ts';
import { createLeanClients } from './lean-client.ts';
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
  const clientOf = createLeanClients(opened);
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    onClient(clientOf(socket));
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

  test('destroys the socket of a device that does not read, with an error that says so, and has no code', async () => {
    const destroyed = Promise.withResolvers<Error>();
    const { socket } = await givenABroker({ drainTimeout: 10 }, (client) => {
      const { conn } = internalsOf(client);
      // mqtt-packet writes through it: nothing is taken.
      conn.write = () => false;
      conn.prependListener('error', destroyed.resolve);
    });
    socket.write(Buffer.concat([bytesOf(connectPacket), bytesOf({ cmd: 'pingreq' })]));
    const error = await destroyed.promise;
    expect(error.message).toBe('drain timeout');
    expect(error).not.toHaveProperty('code');
  });

  const ownConnack = bytesOf({ cmd: 'connack', sessionPresent: false, reasonCode: 0 });

  /** Lets a device in as the adapter does, when the result is called. */
  async function givenADeviceThatWaits(options: Parameters<typeof createSilentBroker>[0] = {}) {
    const asked = Promise.withResolvers<Client>();
    const given = await givenABroker(
      { ...options, authenticate: (client) => asked.resolve(client) },
      () => {},
    );
    return {
      ...given,
      asked: asked.promise,
      letIn(each: Client) {
        internalsOf(each).conn.write(ownConnack);
        beginSession(each);
      },
    };
  }

  test('writes no CONNACK of its own where the session is begun for it, and handles what came before in order', async () => {
    const { socket, asked, letIn } = await givenADeviceThatWaits();
    const subscribe: Packet = { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a', qos: 0 }] };
    socket.write(Buffer.concat([bytesOf(connectPacket), bytesOf(subscribe), bytesOf({ cmd: 'pingreq' })]));
    letIn(await asked);
    socket.write(bytesOf({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['a'] }));
    const expected = Buffer.concat([
      ownConnack,
      bytesOf({ cmd: 'suback', messageId: 1, granted: [0] }),
      bytesOf({ cmd: 'pingresp' }),
      bytesOf({ cmd: 'unsuback', messageId: 2, granted: [0] }),
    ]);
    let answers = Buffer.alloc(0);
    while (answers.length < expected.length)
      answers = Buffer.concat([answers, ...(await once(socket, 'data'))]);
    expect(answers).toEqual(expected);
  });

  test('knows nothing of a device whose session is begun for it: neither a timer nor an entry is left', async () => {
    const { socket, broker: opened, asked, letIn } = await givenADeviceThatWaits();
    socket.write(bytesOf(connectPacket));
    const client = await asked;
    letIn(client);
    // A packet would arm a timer again.
    socket.write(bytesOf({ cmd: 'pingreq' }));
    const answered = new Promise<void>((resolve) =>
      socket.on('data', (bytes: Buffer) => {
        if (bytes.includes(bytesOf({ cmd: 'pingresp' }))) resolve();
      }),
    );
    await answered;
    const { _keepaliveTimer } = client as unknown as { readonly _keepaliveTimer: unknown };
    expect({ timer: _keepaliveTimer, connectedClients: opened.connectedClients }).toEqual({
      timer: null,
      connectedClients: 0,
    });
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

  test('refuses a packet by its announced length', async () => {
    const { socket, broker: opened, asked, letIn } = await givenADeviceThatWaits({ maximumPacketSize: 100 });
    socket.write(bytesOf(connectPacket));
    letIn(await asked);
    const failed = once(opened, 'clientError');
    socket.write(Buffer.from([0x30, 0xff, 0xff, 0x7f, 0, 1]));
    const [, error] = (await failed) as [Client, Error];
    expect(error.message).toBe('packet too large');
  });

  /** A device whose messages are not handled before `handle` is called: aedes looks for more as often as it has some, and reads none. */
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

  test('goes on when the device closes its side', async () => {
    const { socket, client, handle } = await givenSlowMessages();
    const answered = once(socket, 'data');
    socket.end(bytesOf({ cmd: 'pingreq' }));
    await arrived(socket);
    handle();
    expect(((await answered) as [Buffer])[0]).toEqual(bytesOf({ cmd: 'pingresp' }));
    expect(internalsOf(client).closed).toBe(false);
  });
});

test('no file outside this folder casts objects of aedes or its parser, or names their private members', () => {
  const folder = new URL('../', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !/\.test\.ts$|^(?:aedes|testing)\b/.test(file),
  );
  const wrong = files.flatMap((file) =>
    readFileSync(new URL(file, folder), 'utf8')
      .split('\n')
      .filter((line) => /\.#?_[a-z]\w*|\bas (?:unknown as|never)\b/.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  );
  expect(files.length).toBeGreaterThan(15);
  expect(wrong).toEqual([]);
});
