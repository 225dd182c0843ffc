import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { seededRandom, settled } from '@rollcall/conformance';
import { mutated, sendInPieces } from '@rollcall/conformance/hostile';
import rhea from 'rhea';
import { afterEach, describe, expect, test } from 'vitest';
import { GuardedSocket, type GuardedSocketOptions } from './guarded-socket.ts';
import {
  amqpHeader,
  attach,
  begin,
  binary,
  close,
  data,
  described,
  detach,
  disposition,
  end,
  frame,
  list,
  open,
  saslHeader,
  saslInit,
  transfer,
  uint,
  yes,
} from './testing/frames.ts';

const cases = Number(process.env['ROLLCALL_FUZZ_CASES'] ?? 200);
const atATime = 25;

const closing: (() => void)[] = [];
afterEach(() => {
  for (const stop of closing.splice(0)) stop();
});

/** A link as rhea keeps it. */
type KeptLink = rhea.Receiver & {
  readonly credit: number;
  readonly _incomplete?: { readonly frames: readonly Buffer[] };
};

/** A server on rhea that takes every message, behind the guard. Passwords are verified in their own time. */
async function givenAServer(options: Partial<GuardedSocketOptions> = {}) {
  const container = rhea.create_container({ id: 'server' });
  for (const event of [
    'error',
    'protocol_error',
    'connection_error',
    'session_error',
    'receiver_error',
    'sender_error',
    'disconnected',
  ])
    container.on(event, () => {});
  const bodies: unknown[] = [];
  container.on('receiver_open', ({ receiver }: rhea.EventContext) => {
    receiver?.set_target({ address: receiver.target?.address ?? 'x' });
    receiver?.add_credit(100);
  });
  container.on('message', ({ message, receiver }: rhea.EventContext) => {
    bodies.push(message?.body);
    receiver?.add_credit(1);
  });
  const violations: string[] = [];
  /** A link each time that one attached, and how many sessions there were each time that one began. */
  const links: KeptLink[] = [];
  const sessions: number[] = [];
  container.on('receiver_open', ({ receiver }: rhea.EventContext) => links.push(receiver as KeptLink));
  container.on('session_open', ({ connection }: rhea.EventContext) => {
    const { local_channel_map: kept } = connection as unknown as { local_channel_map: object };
    sessions.push(Object.keys(kept).length);
  });
  let frames = 0;

  const server: Server = createServer((socket: Socket) => {
    const connection = container.create_connection({
      disable_sasl: true,
      max_frame_size: 16_384,
    } as never) as rhea.Connection & {
      accept(socket: object): void;
      sasl_transport: object;
      transport: object;
    };
    const guarded = new GuardedSocket(socket, {
      saslDone: () => sasl.transport.read_complete === true,
      onViolation: (problem) => void violations.push(problem),
      onFrame: () => (frames += 1),
      ...options,
    });
    connection.accept(guarded);
    const mechanisms = {
      PLAIN: () => ({
        outcome: undefined as boolean | undefined,
        async start(response: Buffer) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          this.outcome = response.toString() === '\0device\0sécret';
        },
      }),
      ANONYMOUS: () => ({ outcome: true, start() {} }),
    };
    const { sasl: saslModule } = rhea as unknown as {
      sasl: {
        Server: new (connection: object, mechanisms: object) => { transport: { read_complete?: boolean } };
      };
    };
    const sasl = new saslModule.Server(connection, mechanisms);
    connection.sasl_transport = sasl;
    connection.transport = sasl;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { port, bodies, violations, links, sessions, frames: () => frames };
}

/** A real client; resolves once it may send. */
async function honestClient(port: number) {
  const connection = rhea
    .create_container()
    .connect({ host: '127.0.0.1', port, reconnect: false, username: 'anonymous' });
  const sender = connection.open_sender('telemetry');
  closing.push(() => connection.close());
  await once(sender as never, 'sendable');
  return sender;
}

/** Sends it, and hangs up once the server has, or it `isOver`, which may depend on what the server has answered. */
async function say(
  port: number,
  messages: readonly Uint8Array[],
  isOver: (answers: Buffer) => boolean,
): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  let answers = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => (answers = Buffer.concat([answers, bytes])));
  socket.write(Buffer.concat(messages));
  await expect.poll(() => socket.closed || isOver(answers), { interval: 5 }).toBe(true);
  socket.destroy();
}

/** A Close of the server. */
const closeOfServer = Buffer.of(0x00, 0x53, 0x18);
const saslOutcome = Buffer.of(0x00, 0x53, 0x44);

describe('a guarded server', () => {
  test('serves a real client that sends small messages, and large ones in many frames', async () => {
    const { port, bodies, violations, frames } = await givenAServer();
    const sender = await honestClient(port);
    const large = Buffer.alloc(200_000, 'x');
    sender.send({ body: 'small' });
    sender.send({ body: rhea.message.data_section(large) });
    await expect.poll(() => bodies.length).toBe(2);
    expect(bodies[0]).toBe('small');
    expect((bodies[1] as { content: Buffer }).content).toEqual(large);
    expect(violations).toEqual([]);
    expect(frames()).toBeGreaterThan(15);
  });

  test('lets a client send everything at once, while its login is still verified', async () => {
    const { port, bodies, violations } = await givenAServer();
    const credentials = binary([...Buffer.from('\0device\0sécret')]);
    const all = [
      saslHeader,
      saslInit('PLAIN', credentials),
      amqpHeader,
      open(),
      begin(),
      attach(0),
      transfer({ payload: data(3) }),
    ];
    await say(port, all, () => bodies.length > 0);
    expect(bodies).toHaveLength(1);
    expect(violations).toEqual([]);
  });

  test('hands on what a client sent before it hung up, and then the end', async () => {
    const { port, bodies, violations } = await givenAServer();
    const credentials = binary([...Buffer.from('\0device\0sécret')]);
    const all = [
      saslHeader,
      saslInit('PLAIN', credentials),
      amqpHeader,
      open(),
      begin(),
      attach(0),
      transfer(),
    ];
    for (const leave of ['end', 'resetAndDestroy'] as const) {
      const socket = connect({ port, noDelay: true });
      socket.on('error', () => {}).resume();
      socket.write(Buffer.concat(all), () => socket[leave]());
    }
    await expect.poll(() => bodies.length).toBe(2);
    expect(violations).toEqual([]);
  });

  test('never hands on what a client sends whose login is refused', async () => {
    const { port, bodies, violations } = await givenAServer();
    const wrong = binary([...Buffer.from('\0device\0guess')]);
    const all = [saslHeader, saslInit('PLAIN', wrong), amqpHeader, open(), begin(), attach(0), transfer()];
    await say(port, all, (answers) => answers.includes(saslOutcome));
    await settled();
    expect(bodies).toEqual([]);
    expect(violations).toEqual([]);
  });

  test.each([
    ['no header', [open()], 'does not begin'],
    ['no SASL', [amqpHeader], 'may not begin'],
    ['another version', [Buffer.from('AMQP\u0003\u0000\u0009\u0001')], 'another version'],
    ['SASL, and SASL again', [saslHeader, saslHeader], 'may not begin'],
    [
      'a frame of a gigabyte',
      [saslHeader, Buffer.from([0x40, 0, 0, 0, 2, 1, 0, 0])],
      'too small or too large',
    ],
    ['a frame of nothing', [saslHeader, Buffer.alloc(8)], 'too small or too large'],
    [
      'much before it is let in',
      [saslHeader, saslInit('PLAIN', binary([0])), amqpHeader, Buffer.alloc(100_000, 1)],
      'too much before',
    ],
  ] as const)('cuts off a client that sends %s', async (_what, messages, problem) => {
    const { port, violations } = await givenAServer();
    await say(port, messages, () => violations.length > 0);
    expect(violations).toEqual([expect.stringContaining(problem)]);
  });

  test('cuts off a client that sends more than there is credit for', async () => {
    const { port, bodies, violations } = await givenAServer({ creditOf: () => 0 });
    const all = [saslHeader, saslInit(), amqpHeader, open(), begin(), attach(0), transfer()];
    await say(port, all, () => violations.length > 0);
    expect(violations).toEqual(['more messages than there was credit for']);
    expect(bodies).toEqual([]);
  });

  test('hands nothing on while it is held, and loses nothing', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(() => server.close());
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [socket] = (await once(server, 'connection')) as [Socket];
    const guarded = new GuardedSocket(socket, {
      allowWithoutSasl: true,
      saslDone: () => false,
      onViolation: (problem) => expect.fail(problem),
    });
    const units: number[] = [];
    guarded.on('data', (bytes: Uint8Array) => {
      units.push(bytes.length);
      if (units.length === 2) guarded.hold();
    });
    client.write(Buffer.concat([amqpHeader, open(), begin(), attach(0)]));
    await expect.poll(() => units.length).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(units).toHaveLength(2);
    guarded.resume();
    expect(units).toHaveLength(4);
    client.destroy();
    socket.destroy();
  });

  test('takes bytes one by one', async () => {
    const { port, bodies, violations } = await givenAServer();
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    for (const byte of Buffer.concat([
      saslHeader,
      saslInit(),
      amqpHeader,
      open(),
      begin(),
      attach(0),
      transfer(),
    ])) {
      socket.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await expect.poll(() => bodies.length).toBe(1);
    expect(violations).toEqual([]);
    socket.destroy();
  });
});

describe('what a client ends is forgotten before it begins anew, though all was read at once', () => {
  const letIn = [saslHeader, saslInit(), amqpHeader, open(), begin()];
  const rounds = 30;
  const eachRound = (of: (round: number) => readonly Uint8Array[]): Uint8Array[] =>
    Array.from({ length: rounds }, (_, round) => of(round)).flat();

  test('a link that attaches again has nothing of the delivery that was under way', async () => {
    const { port, links, bodies } = await givenAServer();
    const again = eachRound((round) => [
      transfer({ deliveryId: round, more: true, payload: data(300) }),
      detach(0),
      attach(0),
    ]);
    const last = [transfer({ deliveryId: rounds, payload: data(3) }), close()];
    await say(port, [...letIn, attach(0), ...again, ...last], (answers) => answers.includes(closeOfServer));
    expect(new Set(links).size).toBe(rounds + 1);
    expect(bodies.map((body) => (body as { content: Buffer }).content.length)).toEqual([3]);
  });

  test('a delivery does not go on over the links that it was begun on', async () => {
    const { port, links } = await givenAServer();
    const part = transfer({ more: true, payload: data(300) });
    const again = eachRound(() => [detach(0), attach(0), part]);
    await say(port, [...letIn, attach(0), part, ...again, close()], (answers) =>
      answers.includes(closeOfServer),
    );
    const kept = links.map((link) => link._incomplete?.frames.length ?? 0);
    expect(Math.max(...kept)).toBe(1);
  });

  test('sessions that ended are gone, with their links', async () => {
    const { port, sessions } = await givenAServer();
    const again = eachRound(() => [attach(0), end(), begin()]);
    await say(port, [...letIn, ...again, close()], (answers) => answers.includes(closeOfServer));
    expect(sessions).toEqual(Array.from({ length: rounds + 1 }, () => 1));
  });
});

test('a client that sends gives itself no credit', async () => {
  const { port, links, violations } = await givenAServer();
  const drain = [...[0, 100, 0, 100, 0, 0, 0xffff_ffff].map((value) => uint(value)), uint(0), yes];
  const begun = [saslHeader, saslInit(), amqpHeader, open(), begin(), attach(0)];
  await say(port, [...begun, frame(described(0x13, list(...drain))), close()], (answers) =>
    answers.includes(closeOfServer),
  );
  // What rhea gives by itself, and what the server gives.
  expect(links.map(({ credit }) => credit)).toEqual([1_000 + 100]);
  expect(violations).toEqual([]);
});

test('a number is no word for more to come: nothing of such a delivery is kept', async () => {
  const { port, links, violations } = await givenAServer();
  const fields = [uint(0), uint(0), binary([1]), uint(0), yes, [0x52, 1]];
  const part = frame([...described(0x14, list(...fields)), ...data(300)]);
  const begun = [saslHeader, saslInit(), amqpHeader, open(), begin(), attach(0)];
  await say(port, [...begun, ...Array.from({ length: 50 }, () => part), close()], (answers) =>
    answers.includes(closeOfServer),
  );
  expect(links[0]?._incomplete).toBeUndefined();
  expect(violations).toEqual(['a field is no boolean']);
});

test(
  `${cases} mutated conversations neither crash a server nor disturb an honest client`,
  { timeout: 180_000 + cases * 20 },
  async () => {
    const { port, bodies, violations } = await givenAServer();
    const random = seededRandom(20_261_124);
    const honest = await honestClient(port);
    const conversation = [
      saslHeader,
      saslInit(),
      amqpHeader,
      open(),
      begin(),
      attach(0),
      transfer(),
      transfer({ deliveryId: 1, more: true, payload: data(50).slice(0, 20) }),
      transfer({ deliveryId: 1, payload: data(50).slice(20) }),
      attach(1),
      frame([]),
      transfer({ deliveryId: 2, handle: 1 }),
    ];
    const play = (): Promise<void> => sendInPieces(port, mutated(conversation, random), random);
    for (let played = 0; played < cases; played += atATime) {
      await Promise.all(Array.from({ length: Math.min(atATime, cases - played) }, play));
      const body = `honest ${played}`;
      honest.send({ body });
      await expect.poll(() => bodies.includes(body)).toBe(true);
    }
    // What the fuzz does not reach, it does not test.
    expect(bodies.length).toBeGreaterThan(cases / 4);
    expect(new Set(violations).size).toBeGreaterThan(10);
  },
);

test('frames that arrive at once are handed on over several turns of the event loop, in order, and then the end', async () => {
  // given
  const socket = new PassThrough();
  const handedOn: (Uint8Array | 'end')[] = [];
  const guarded = new GuardedSocket(socket as unknown as Socket, {
    allowWithoutSasl: true,
    saslDone: () => true,
    onViolation: (problem) => expect.unreachable(problem),
  });
  /** How many came without a pause. */
  const runs: number[] = [];
  let run = 0;
  guarded.on('data', (bytes: Uint8Array) => {
    handedOn.push(bytes);
    if (run++ === 0)
      queueMicrotask(() => {
        runs.push(run);
        run = 0;
      });
  });
  guarded.on('end', () => handedOn.push('end'));
  const empty = Buffer.from([0, 0, 0, 8, 2, 0, 0, 0]);
  const frames = [amqpHeader, open(), ...Array.from({ length: 250 }, () => empty)];
  // when
  socket.end(Buffer.concat(frames));
  while (handedOn.at(-1) !== 'end') await new Promise((resolve) => setImmediate(resolve));
  // then
  expect(runs).toEqual([100, 100, 52]);
  expect(Buffer.concat(handedOn.slice(0, -1) as Uint8Array[])).toEqual(Buffer.concat(frames));
});

test('dispositions about many deliveries take up more of a turn than those about one', async () => {
  const socket = new PassThrough();
  const runs = [0];
  const guarded = new GuardedSocket(socket as unknown as Socket, {
    allowWithoutSasl: true,
    saslDone: () => true,
    onViolation: (problem) => expect.unreachable(problem),
  });
  guarded.on('data', () => {
    if (runs.at(-1) === 0) queueMicrotask(() => runs.push(0));
    runs.push((runs.pop() ?? 0) + 1);
  });
  const many = [disposition(0, 2_000), disposition(0, 2_000), disposition(0, 980), disposition(0, 980)];
  const few = Array.from({ length: 100 }, () => disposition(0, 0));
  socket.write(Buffer.concat([amqpHeader, open(), begin(), ...many, ...few]));
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  // The first one comes in a turn that has begun.
  expect(runs).toEqual([4, 1, 2, 100, 0]);
});

test('a socket that is held while frames wait hands none on before it is resumed', async () => {
  const socket = new PassThrough();
  let handedOn = 0;
  const guarded = new GuardedSocket(socket as unknown as Socket, {
    allowWithoutSasl: true,
    saslDone: () => true,
    onViolation: (problem) => expect.unreachable(problem),
  });
  guarded.on('data', () => {
    handedOn += 1;
    if (handedOn === 100) guarded.hold();
  });
  const empty = Buffer.from([0, 0, 0, 8, 2, 0, 0, 0]);
  socket.write(Buffer.concat([amqpHeader, open(), ...Array.from({ length: 150 }, () => empty)]));
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(handedOn).toBe(100);
  guarded.resume();
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(handedOn).toBe(152);
});
