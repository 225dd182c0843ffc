import { once } from 'node:events';
import { connect } from 'node:net';
import { startForTest } from '@rollcall/adapter-process/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createAmqpAdapter } from './adapter.ts';
import {
  absent,
  binary,
  described,
  deviceBytes,
  frame,
  no,
  text,
  uint,
  yes,
  type Bytes,
} from './testing/device-bytes.ts';
import { options } from './testing/options.ts';
import { rawClient } from './testing/raw-client.ts';

// What a device may do with a delivery, although no client library of these tests does it: abort it, put it into a transaction, send it in empty parts.

interface TransferFacts {
  readonly number: number;
  readonly more?: boolean;
  readonly aborted?: boolean;
  readonly state?: Bytes;
  /** Sections; absent: an event. */
  readonly payload?: readonly Bytes[];
}

const event: readonly Bytes[] = [
  described(0x73, absent, absent, text('event')),
  [0x00, 0x53, 0x75, ...binary('x')],
];

function transfer({
  number,
  more = false,
  aborted = false,
  state = absent,
  payload = event,
}: TransferFacts): Uint8Array {
  const flag = (value: boolean): Bytes => (value ? yes : no);
  const tag = binary(`tag ${number}`);
  const fields = [uint(0), uint(number), tag, uint(0), no, flag(more), absent, state, absent, flag(aborted)];
  return frame(0, described(0x14, ...fields), ...payload);
}

/** A device with a link to send on, that says what it is told to. */
async function givenADevice() {
  const adapter = await startForTest(createAmqpAdapter(options));
  onTestFinished(() => adapter.running.stop({ graceMs: 0 }));
  const socket = connect(adapter.address.port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  const client = rawClient(socket);
  const kinds: number[] = [];
  /** The next frame that the adapter sends of this kind, as text; `undefined` where the connection ended. */
  const hear = async (performative: number): Promise<string | undefined> => {
    for (;;) {
      const unit = await client.hear();
      if (!unit) return undefined;
      kinds.push(unit[10] ?? 0);
      if (unit.subarray(8, 11).equals(Buffer.from([0x00, 0x53, performative])))
        return unit.toString('latin1');
    }
  };
  client.say(deviceBytes.login);
  await hear(heard.flow);
  return { ...adapter, say: client.say, hear, kinds };
}

const heard = { close: 0x18, flow: 0x13, disposition: 0x15, detach: 0x16 };
/** An outcome, as it stands in a disposition. */
const accepted = '\x00\x53\x24';

test('a message within a transaction is not uploaded: its link is detached, and the connection goes on', async () => {
  const { say, hear, sender, sink } = await givenADevice();
  say(transfer({ number: 0, state: described(0x34, binary('transaction')) }));
  expect(await hear(heard.detach)).toContain('amqp:not-implemented');
  // A disposition within one is as any other.
  say(frame(0, described(0x15, no, uint(0), uint(0), yes, described(0x34, binary('t'), described(0x24)))));
  // Another link.
  say(frame(0, described(0x16, uint(0), yes)));
  say(frame(0, described(0x12, text('next'), uint(0), no, absent, absent, described(0x28), described(0x29))));
  await hear(heard.flow);
  say(transfer({ number: 1 }));
  expect(await hear(heard.disposition)).toContain(accepted);
  expect(sender.messages).toHaveLength(1);
  expect(sink.events).toHaveLength(1);
});

test('credit comes back a quarter at a time: a frame with each outcome would be a write more for each message', async () => {
  const { say, hear, kinds } = await givenADevice();
  kinds.length = 0;
  // A link has credit for 30.
  for (let number = 0; number < 60; number++) {
    say(transfer({ number }));
    await hear(heard.disposition);
  }
  expect(kinds.filter((kind) => kind === heard.flow)).toHaveLength(7);
});

test.each([
  ['at once', 0],
  ['after its first part', 1],
  ['after many parts', 20],
])('a message that the device aborts %s is not uploaded, and uses up no credit', async (_when, parts) => {
  const { say, hear, sender } = await givenADevice();
  // A link has credit for 30.
  for (let number = 0; number < 40; number++) {
    for (let part = 0; part < parts; part++) say(transfer({ number, more: true, payload: [[1, 2, 3]] }));
    say(transfer({ number, aborted: true, more: true, payload: [] }));
    await hear(heard.flow);
  }
  say(transfer({ number: 40 }));
  expect(await hear(heard.disposition)).toContain(accepted);
  expect(sender.messages).toHaveLength(1);
});

test('what a device has not settled when it detaches its link takes no room of the session', async () => {
  const { say, hear, sender } = await givenADevice();
  const settlesLast = [0x50, 1];
  let number = 0;
  // More in all than a session has room for; a link has credit for 30.
  for (let round = 0; round < 75; round++) {
    say(frame(0, described(0x16, uint(0), yes)));
    await hear(heard.detach);
    const termini = [described(0x28), described(0x29)];
    say(frame(0, described(0x12, text(`link ${round}`), uint(0), no, absent, settlesLast, ...termini)));
    await hear(heard.flow);
    const before = sender.messages.length;
    say(Buffer.concat(Array.from({ length: 30 }, () => transfer({ number: number++ }))));
    await expect.poll(() => sender.messages.length).toBe(before + 30);
    await hear(heard.disposition);
  }
  expect(number).toBeGreaterThan(2_048);
});

test.each([
  ['closes it', yes],
  ['detaches it', no],
])(
  'a link is detached over a message, and not closed; a device that then %s attaches it anew',
  async (_what, closed) => {
    const { say, hear, sender } = await givenADevice();
    const large = [Array.from({ length: 3_000 }, () => 1)];
    say(transfer({ number: 0, payload: large }));
    const detach = await hear(heard.detach);
    expect(detach).toContain('amqp:link:message-size-exceeded');
    // Its handle, which is 0, `closed`, which is false, and the error.
    expect(detach).toContain('\x43\x42\x00\x53\x1d');
    const again = frame(
      0,
      described(0x12, text('link'), uint(0), no, absent, absent, described(0x28), described(0x29)),
    );
    say(Buffer.concat([frame(0, described(0x16, uint(0), closed)), again]));
    await hear(heard.flow);
    say(transfer({ number: 1 }));
    expect(await hear(heard.disposition)).toContain(accepted);
    expect(sender.messages).toHaveLength(1);
  },
);

test('a message without end leaves room in its session: the device is told so again and again', async () => {
  const { say, hear, sink } = await givenADevice();
  const large = [Array.from({ length: 3_000 }, () => 1)];
  say(transfer({ number: 0, more: true, payload: large }));
  expect(await hear(heard.detach)).toContain('amqp:link:message-size-exceeded');
  // There is room for 2,048 transfers at a time.
  for (let round = 0; round < 3; round++) {
    for (let part = 0; part < 1_100; part++) say(transfer({ number: 0, more: true, payload: large }));
    expect(await hear(heard.flow)).toBeDefined();
  }
  expect(sink.events).toHaveLength(1);
});

test('a message in parts is uploaded, though some have no payload; one without any is rejected', async () => {
  const { say, hear, sender } = await givenADevice();
  const [properties = [], data = []] = event;
  for (const payload of [[], [properties], [], [data.slice(0, 2)], [data.slice(2)]])
    say(transfer({ number: 0, more: true, payload }));
  say(transfer({ number: 0, payload: [] }));
  expect(await hear(heard.disposition)).toContain(accepted);
  say(transfer({ number: 1, payload: [] }));
  expect(await hear(heard.disposition)).toContain('amqp:not-found');
  say(transfer({ number: 2 }));
  expect(await hear(heard.disposition)).toContain(accepted);
  expect(sender.messages.map(({ payload }) => Buffer.from(payload ?? []).toString())).toEqual(['x', 'x']);
});

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);

test.each<[what: string, condition: string, said: Uint8Array, problem: string]>([
  [
    'a frame that is too short',
    'amqp:connection:framing-error',
    bytes(0, 0, 0, 4, 2, 0, 0, 0),
    'a frame is too',
  ],
  ['a value that breaks off', 'amqp:decode-error', frame(0, [0x00, 0x53, 0x13, 0xc0, 9, 1]), 'ends too late'],
  ['a second Open', 'amqp:not-allowed', frame(0, described(0x10, text('again'))), 'opens twice'],
  [
    'a link whose handle is taken',
    'amqp:session:handle-in-use',
    frame(0, described(0x12, text('x'), uint(0), no)),
    'used twice',
  ],
  [
    'a session on a channel above channel-max',
    'amqp:connection:framing-error',
    Buffer.from(frame(0, described(0x11, absent, uint(0), uint(9), uint(9)))).fill(8, 7, 8),
    'above channel-max',
  ],
  [
    'a ninth session',
    'amqp:resource-limit-exceeded',
    Buffer.concat(
      [1, 2, 3, 4, 5, 6, 7, 8].map((channel) => {
        const begin = frame(0, described(0x11, absent, uint(0), uint(9), uint(9)));
        begin[7] = channel;
        return begin;
      }),
    ),
    'too many sessions',
  ],
])('a device that sends %s hears %s, and is then closed', async (_what, condition, said, problem) => {
  const { say, hear, events } = await givenADevice();
  // What it says after that is not heard, however much it is.
  say(said, transfer({ number: 0 }), Buffer.alloc(1_000_000));
  const close = await hear(heard.close);
  expect(close).toContain(condition);
  expect(close).toContain(problem);
  expect(await hear(heard.close)).toBeUndefined();
  expect((await events(2))[1]).toMatchObject({
    reason: 'protocol-error',
    raw: { code: condition, text: expect.stringContaining(problem) },
  });
});
