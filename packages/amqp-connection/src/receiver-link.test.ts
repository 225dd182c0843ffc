import { ManualClock } from '@rollcall/conformance';
import rhea from 'rhea';
import { afterEach, expect, test } from 'vitest';
import { createTestBed } from './testing/index.ts';

const bed = createTestBed();
afterEach(() => bed.closeAll());

const bytes = (id: string | number): Uint8Array => rhea.message.encode({ message_id: String(id), body: 'x' });
const accept = async () => 'accepted' as const;

test('a receiver settles each message as its handler returns, also when outcomes mix', async () => {
  const { peer, connection } = await bed.givenAPeer();
  const link = connection.openReceiver('q', {
    credit: 10,
    onMessage: async ({ messageId }) => {
      if (messageId === '3') throw new Error('handler failed');
      return messageId === '2' ? 'rejected' : 'accepted';
    },
  });
  await expect.poll(() => link.attached()).toBe(true);
  const outcomes = await Promise.all(['1', '2', '3', '4'].map((id) => peer.deliver('q', bytes(id))));
  expect(outcomes[0]).toBe('accepted');
  expect(outcomes[1]).toBe('rejected');
  // Not `modified`, over which RabbitMQ 3 ends the session.
  expect(outcomes[2]).toBe('released');
  expect(outcomes[3]).toBe('accepted');
});

test('a receiver renews its credit, so that more messages arrive than it gave credit for', async () => {
  const { peer, connection } = await bed.givenAPeer();
  const seen: unknown[] = [];
  const link = connection.openReceiver('q', {
    credit: 5,
    onMessage: async ({ messageId }) => {
      seen.push(messageId);
      return 'accepted';
    },
  });
  await expect.poll(() => link.attached()).toBe(true);
  for (let id = 0; id < 30; id++) await peer.deliver('q', bytes(id));
  expect(seen).toHaveLength(30);
});

test('a receiver attaches again after the connection was lost', async () => {
  const { peer, connection } = await bed.givenAPeer();
  const states: boolean[] = [];
  const link = connection.openReceiver('q', {
    credit: 5,
    onMessage: accept,
    onStateChange: (attached) => states.push(attached),
  });
  await expect.poll(() => link.attached()).toBe(true);
  peer.drop();
  await expect.poll(() => states).toEqual([true, false, true]);
  expect(await peer.deliver('q', bytes(1))).toBe('accepted');
});

test('a receiver that is refused attaches once a second, until the peer allows it', async () => {
  const clock = new ManualClock();
  const { peer, connection } = await bed.givenAPeer({ clock });
  peer.refused.set('q', 'amqp:unauthorized-access');
  const link = connection.openReceiver('q', { credit: 1, onMessage: accept });
  const attempts = () => peer.attached.filter((address) => address === 'q').length;
  const other = connection.openSender('other', { creditWaitMs: 60_000, outcomeTimeoutMs: 60_000 });
  for (let attempt = 1; attempt <= 4; attempt++) {
    await expect.poll(attempts).toBe(attempt);
    // Its outcome comes after the refusal.
    await other.send(bytes(attempt));
    if (attempt === 4) peer.refused.clear();
    clock.advance(1_000);
  }
  await expect.poll(() => link.attached()).toBe(true);
  expect(attempts()).toBe(5);
});

test('a receiver that is closed by its own listener does not attach again', async () => {
  const clock = new ManualClock();
  const { peer, connection } = await bed.givenAPeer({ clock });
  peer.refused.set('q', 'amqp:not-found');
  let refusals = 0;
  const link = connection.openReceiver('q', {
    credit: 1,
    onMessage: accept,
    onRefused() {
      refusals += 1;
      void link.close();
    },
  });
  await expect.poll(() => refusals).toBe(1);
  peer.refused.clear();
  clock.advance(1_000);
  const other = connection.openReceiver('other', { credit: 1, onMessage: accept });
  await expect.poll(() => other.attached()).toBe(true);
  expect(peer.attached).toEqual(['q', 'other']);
  expect(link.attached()).toBe(false);
});

test('a temporary receiver asks that its subscription ends with its link', async () => {
  const { peer, connection } = await bed.givenAPeer();
  const link = connection.openReceiver('q', { credit: 1, temporary: true, onMessage: accept });
  await expect.poll(() => link.attached()).toBe(true);
  expect(peer.lastSource()).toMatchObject({ address: 'q', expiryPolicy: 'link-detach' });
});

test('a receiver that is closed leaves the connection to the others', async () => {
  const { peer, connection } = await bed.givenAPeer();
  const closing = connection.openReceiver('a', { credit: 1, onMessage: accept });
  const staying = connection.openReceiver('b', { credit: 1, onMessage: accept });
  await expect.poll(() => closing.attached() && staying.attached()).toBe(true);
  await closing.close();
  expect(await peer.deliver('b', bytes(1))).toBe('accepted');
  expect(peer.opened()).toBe(1);
});

test('a receiver with its own session attaches again in a new one when the peer ends it, and others stay', async () => {
  const clock = new ManualClock();
  const { peer, connection } = await bed.givenAPeer({ clock });
  const causes: unknown[] = [];
  const own = connection.openReceiver('own', {
    credit: 1,
    ownSession: true,
    onMessage: accept,
    onStateChange: (attached, cause) => !attached && causes.push(cause),
  });
  const other = connection.openReceiver('other', { credit: 1, ownSession: true, onMessage: accept });
  await expect.poll(() => own.attached() && other.attached()).toBe(true);
  peer.endSessionsOfReceivers('amqp:precondition-failed', 'own');
  await expect.poll(() => causes).toEqual([expect.stringContaining('amqp:precondition-failed')]);
  expect(other.attached()).toBe(true);
  expect(await peer.deliver('other', bytes(1))).toBe('accepted');
  clock.advance(1_000);
  await expect.poll(() => own.attached()).toBe(true);
  expect(await peer.deliver('own', bytes(2))).toBe('accepted');
  expect(peer.opened()).toBe(1);
  await own.close();
  // The session of the connection, and that of the other receiver.
  await expect.poll(() => peer.openSessions()).toBe(2);
});

test('a message whose handler waits does not stop others, though more pass it than the session has room for', async () => {
  const { peer, connection } = await bed.givenAPeer();
  let finish = (): void => {};
  const link = connection.openReceiver('q', {
    credit: 100,
    async onMessage({ messageId }) {
      if (messageId === 'first') await new Promise<void>((resolve) => (finish = resolve));
      return 'accepted';
    },
  });
  await expect.poll(() => link.attached()).toBe(true);
  const first = peer.deliver('q', bytes('first'));
  for (let round = 0; round < 50; round++)
    await Promise.all(Array.from({ length: 90 }, (_, id) => peer.deliver('q', bytes(id))));
  finish();
  expect(await first).toBe('accepted');
  expect(peer.opened()).toBe(1);
});

test('what a link has not settled when the peer detaches it takes no room of the session any more', async () => {
  const clock = new ManualClock();
  const { peer, connection } = await bed.givenAPeer({ clock });
  const waiting: (() => void)[] = [];
  let seen = 0;
  const link = connection.openReceiver('q', {
    credit: 1_000,
    async onMessage({ messageId }) {
      seen += 1;
      if (messageId !== 'last') await new Promise<void>((resolve) => waiting.push(resolve));
      return 'accepted';
    },
  });
  await expect.poll(() => link.attached()).toBe(true);
  // More in all than the session has room for.
  for (let round = 1; round <= 3; round++) {
    for (let id = 0; id < 900; id++) void peer.deliver('q', bytes(id));
    await expect.poll(() => seen).toBe(round * 900);
    peer.detachReceivers('q', 'amqp:link:detach-forced');
    await expect.poll(() => link.attached()).toBe(false);
    clock.advance(1_000);
    await expect.poll(() => link.attached()).toBe(true);
  }
  // Their link is gone, so their outcome is not told.
  for (const finish of waiting) finish();
  await expect.poll(() => peer.creditOf('q')).toBe(1_000);
  expect(await peer.deliver('q', bytes('last'))).toBe('accepted');
  expect(peer.opened()).toBe(1);
});

test('a message that is held uses no credit, and gives its credit back once', async () => {
  const { peer, connection } = await bed.givenAPeer();
  const waiting: (() => void)[] = [];
  const link = connection.openReceiver('q', {
    credit: 1,
    onMessage: async (_message, delivery) => {
      delivery.hold();
      delivery.hold();
      await new Promise<void>((resolve) => waiting.push(resolve));
      return 'accepted';
    },
  });
  await expect.poll(() => link.attached()).toBe(true);
  const outcomes = ['1', '2', '3'].map((id) => peer.deliver('q', bytes(id)));
  await expect.poll(() => waiting.length).toBe(3);
  await expect.poll(() => peer.creditOf('q')).toBe(1);
  for (const finish of waiting) finish();
  expect(await Promise.all(outcomes)).toEqual(['accepted', 'accepted', 'accepted']);
  await expect.poll(() => peer.creditOf('q')).toBe(1);
});

test.each([
  ['no sections', Buffer.from([0xff, 0xff])],
  ['a section that is cut off', Buffer.from(bytes('x')).subarray(0, 7)],
])('a delivery that is not a message (%s) is rejected, and the connection stays', async (_what, payload) => {
  const { peer, connection } = await bed.givenAPeer();
  const link = connection.openReceiver('q', { credit: 1, onMessage: accept });
  await expect.poll(() => link.attached()).toBe(true);
  expect(await peer.deliver('q', payload)).toBe('rejected');
  expect(await peer.deliver('q', bytes(2))).toBe('accepted');
  expect(peer.opened()).toBe(1);
});
