import rhea from 'rhea';
import { describe, expect, test } from 'vitest';
import { openWindow } from './outgoing-window.ts';

interface Outgoing {
  readonly next_delivery_id: number;
  on_disposition(fields: { first: number; last?: number; settled: boolean }): void;
  process(): void;
}

function givenAWindowFor(capacity: number) {
  const session = rhea.create_container().create_connection().create_session();
  const heard: string[] = [];
  const window = openWindow(session, () => heard.push('outcome'), capacity);
  const { outgoing, connection } = session as unknown as {
    readonly outgoing: Outgoing;
    readonly connection: {
      readonly remote_channel_map: Record<number, rhea.Session>;
      readonly amqp_transport: { header_received: unknown; read(bytes: Buffer): number };
    };
  };
  connection.remote_channel_map[0] = session;
  connection.amqp_transport.header_received = {};
  const sender = session.attach_sender({ target: { address: 'q' } });
  const send = (): rhea.Delivery => sender.send(Buffer.from('x'), undefined, 0);
  const sendPlain = (bytes = 1): rhea.Delivery =>
    window.send(sender, new Uint8Array(bytes), ({ id }) => heard.push(`accepted ${id}`));
  const accept = (first: number, last: number): void => {
    const frame = Buffer.from(
      '00000018 02000000 005315 c00b05 415200 5200 41 00532445'.replaceAll(' ', ''),
      'hex',
    );
    frame.writeUInt8(first, 16);
    frame.writeUInt8(last, 18);
    connection.amqp_transport.read(frame);
  };
  const settle = (first: number, last?: number): void =>
    outgoing.on_disposition({ first, ...(last !== undefined && { last }), settled: true });
  const sendAll = (): void =>
    void Object.assign(outgoing, { next_pending_delivery: outgoing.next_delivery_id });
  // What rhea does at the end of a turn, without the parts that need a peer.
  const endOfTurn = (): void => {
    Object.assign(outgoing, { pending_dispositions: [] });
    outgoing.process();
  };
  return { window, send, sendPlain, sendAll, accept, settle, endOfTurn, heard };
}

test('an abandoned delivery gives its room back', () => {
  const { window, send, sendAll, endOfTurn } = givenAWindowFor(2);
  const deliveries = [send(), send()];
  expect(window.available()).toBe(0);
  sendAll();
  for (const delivery of deliveries) window.abandon(delivery);
  endOfTurn();
  expect(window.available()).toBe(2);
  expect(window.idle()).toBe(true);
  expect(window.used()).toBe(2);
});

test('an abandoned delivery that has not left keeps its place, and leaves settled', () => {
  const { window, send, endOfTurn } = givenAWindowFor(2);
  const delivery = send();
  expect(window.blocked()).toBe(true);
  window.abandon(delivery);
  endOfTurn();
  expect(delivery.settled).toBe(true);
  expect(window.idle()).toBe(false);
});

test('a late outcome is not taken for that of a newer delivery in the same place', () => {
  const { window, send, sendAll, settle, endOfTurn, heard } = givenAWindowFor(4);
  const early = [send(), send(), send(), send()];
  sendAll();
  for (const delivery of early.slice(0, 2)) window.abandon(delivery);
  endOfTurn();
  const newer = [send(), send()];
  settle(0, 1);
  expect(newer.map((delivery) => delivery.remote_settled)).toEqual([false, false]);
  settle(0, 4);
  expect(newer.map((delivery) => delivery.remote_settled)).toEqual([true, false]);
  settle(5);
  expect(newer[1]?.remote_settled).toBe(true);
  expect(heard).toHaveLength(3);
});

test('an outcome for all possible ids costs no more than the deliveries there are', () => {
  const { send, settle } = givenAWindowFor(4);
  const delivery = send();
  settle(0, 2 ** 32 - 1);
  expect(delivery.remote_settled).toBe(true);
});

describe('an accepted delivery', () => {
  test('is reported once, and gives its room back', () => {
    const { window, sendPlain, sendAll, accept, endOfTurn, heard } = givenAWindowFor(4);
    for (let sent = 0; sent < 4; sent++) sendPlain();
    sendAll();
    accept(1, 2);
    accept(0, 2);
    expect(heard).toEqual(['outcome', 'accepted 1', 'accepted 2', 'outcome', 'accepted 0']);
    endOfTurn();
    expect(window.available()).toBe(3);
    accept(0, 3);
    endOfTurn();
    expect(heard.slice(5)).toEqual(['outcome', 'accepted 3']);
    expect(window.idle()).toBe(true);
  });

  test('is not reported after it was abandoned', () => {
    const { window, sendPlain, sendAll, accept, heard } = givenAWindowFor(4);
    const [abandoned] = [sendPlain(), sendPlain()];
    sendAll();
    if (abandoned) window.abandon(abandoned);
    accept(0, 1);
    expect(heard).toEqual(['outcome', 'accepted 1']);
  });

  test('is reported by rhea when rhea sent it', () => {
    const { send, sendPlain, sendAll, accept, heard } = givenAWindowFor(4);
    const deliveries = [sendPlain(), send(), sendPlain(16_385), sendPlain(16_384)];
    sendAll();
    accept(0, 3);
    expect(heard).toEqual(['outcome', 'accepted 0', 'accepted 3', 'outcome']);
    expect(deliveries.map((delivery) => delivery.remote_settled)).toEqual([true, true, true, true]);
  });

  test('is not reported when it was never sent', () => {
    const { sendPlain, accept, heard } = givenAWindowFor(4);
    sendPlain();
    accept(0, 0);
    expect(heard).toEqual(['outcome']);
  });
});
