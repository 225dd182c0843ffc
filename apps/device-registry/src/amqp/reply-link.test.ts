import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { internalsOf, silence } from '@rollcall/rhea-internals';
import rhea from 'rhea';
import { expect, onTestFinished, test } from 'vitest';
import { ReplyLink } from './reply-link.ts';
import { WaitingRoom } from './waiting-room.ts';

/** A link from a server to a client that does not settle by itself, and both ends of it. */
async function given(credit: number, room = new WaitingRoom()) {
  const container = rhea.create_container();
  silence(container);
  internalsOf(container).sasl_server_mechanisms.enable_anonymous();
  const server = internalsOf(container).listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const attached = once(container, 'sender_open') as Promise<[rhea.EventContext]>;
  const client = rhea.create_container();
  silence(client);
  const { port } = server.address() as AddressInfo;
  const connection = client.connect({ port, host: '127.0.0.1', reconnect: false, username: 'anybody' });
  onTestFinished(() => void internalsOf(connection).socket?.destroy());
  const receiver = connection.open_receiver({
    source: { address: 'r' },
    credit_window: 0,
    autoaccept: false,
  });
  const [{ sender }] = await attached;
  if (!sender) throw new Error('no sender');
  const sendable = once(container, 'sendable');
  receiver.add_credit(credit);
  await sendable;
  const link = new ReplyLink(sender, room);
  container.on('settled', ({ delivery }: rhea.EventContext) => delivery && link.settled(delivery));
  container.on('accepted', ({ delivery }: rhea.EventContext) => delivery && link.settled(delivery));
  const heard: rhea.Delivery[] = [];
  receiver.on('message', ({ delivery }: rhea.EventContext) => delivery && heard.push(delivery));
  const hear = async (count: number): Promise<void> => {
    while (heard.length < count) await once(receiver, 'message');
  };
  const unsettled = (): number => internalsOf(sender).session.outgoing.deliveries.size;
  return { link, receiver, heard, hear, unsettled, container };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('no more answers are sent at once than the client has given credit', async () => {
  const { link, heard, hear, unsettled } = await given(3);
  for (let each = 0; each < 5; each++) expect(link.send({ body: each })).toBe(true);
  await hear(3);
  await turn();
  expect(heard).toHaveLength(3);
  expect(unsettled()).toBe(3);
});

test('answers that the client settled, in any order, free their room', async () => {
  const { link, heard, hear, unsettled, container } = await given(3);
  for (let each = 0; each < 3; each++) link.send({ body: each });
  await hear(3);
  const settled = once(container, 'settled');
  heard[2]?.accept();
  await settled;
  await turn();
  expect(unsettled()).toBe(2);
});

test('unsettled answers free their room once the link is forgotten', async () => {
  const { link, hear, unsettled } = await given(3);
  for (let each = 0; each < 3; each++) link.send({ body: each });
  expect(link.forget()).toBe(false);
  await hear(3);
  expect(link.forget()).toBe(true);
  await turn();
  expect(unsettled()).toBe(0);
});

test('at most a thousand answers wait for credit', async () => {
  const { link } = await given(1);
  const sent = Array.from({ length: 1_002 }, (_each, body) => link.send({ body }));
  expect(sent.filter(Boolean)).toHaveLength(1_001);
});

test('the answers of a client that wait on all of its links are bounded, and leave room when they are sent or dropped', async () => {
  const room = new WaitingRoom(4);
  const [one, other] = [await given(1, room), await given(1, room)];
  const send = (to: ReplyLink, count: number): number =>
    Array.from({ length: count }, (_each, body) => to.send({ body })).filter(Boolean).length;
  expect(send(one.link, 4)).toBe(4);
  expect(send(other.link, 4)).toBe(2);
  const more = once(one.container, 'sendable');
  one.receiver.add_credit(2);
  await more;
  one.link.flush();
  await one.hear(3);
  expect(send(other.link, 4)).toBe(2);
  other.link.forget();
  expect(send(one.link, 4)).toBe(3);
});
