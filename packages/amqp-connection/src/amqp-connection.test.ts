import { seededRandom } from '@rollcall/conformance';
import { silentLog, systemClock } from '@rollcall/core';
import rhea from 'rhea';
import { afterEach, describe, expect, test } from 'vitest';
import { createAmqpConnection, type AmqpConnection } from './amqp-connection.ts';
import type { AmqpConnectionOptions } from './options.ts';
import { startScriptedPeer, type ScriptedPeer, type Verdict } from './testing/index.ts';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

function connectTo(port: number, facts: Partial<AmqpConnectionOptions> = {}): AmqpConnection {
  const connection = createAmqpConnection({
    host: '127.0.0.1',
    port,
    containerName: 'test',
    clock: systemClock,
    random: seededRandom(1),
    log: silentLog,
    redial: { minDelayMs: 0, maxDelayMs: 20, incrementMs: 1 },
    ...facts,
  });
  open.push(connection);
  return connection;
}

async function givenAPeer(facts: Partial<AmqpConnectionOptions> = {}) {
  const peer = await startScriptedPeer();
  open.push(peer);
  const connection = connectTo(peer.port, facts);
  return { peer, connection };
}

const patient = { creditWaitMs: 5_000, outcomeTimeoutMs: 5_000 };
const hasty = { creditWaitMs: 50, outcomeTimeoutMs: 50 };
const bytes = (id: string | number): Uint8Array => rhea.message.encode({ message_id: String(id), body: 'x' });
const idsAt = (peer: ScriptedPeer): unknown[] => peer.received.map(({ message }) => message.message_id);

describe('sending', () => {
  test.each<[string, Verdict, object]>([
    ['accepted', 'accepted', { status: 'accepted' }],
    ['released', 'released', { status: 'released' }],
    [
      'rejected',
      { rejected: 'amqp:not-allowed' },
      { status: 'rejected', condition: 'amqp:not-allowed', description: 'by the script' },
    ],
    [
      'modified',
      { modified: { undeliverableHere: false } },
      { status: 'modified', undeliverableHere: false },
    ],
    ['modified', { modified: { undeliverableHere: true } }, { status: 'modified', undeliverableHere: true }],
  ])('tells what became of a message: %s', async (_name, verdict, outcome) => {
    const { peer, connection } = await givenAPeer();
    peer.verdict = () => verdict;
    expect(await connection.openSender('q', patient).send(bytes(1))).toEqual(outcome);
  });

  test('keeps the order of many messages, and each message its own outcome', async () => {
    const { peer, connection } = await givenAPeer();
    peer.verdict = ({ message }) => (Number(message.message_id) % 3 === 0 ? 'released' : 'accepted');
    const link = connection.openSender('q', patient);
    const outcomes = await Promise.all(Array.from({ length: 500 }, (_, id) => link.send(bytes(id))));
    expect(idsAt(peer)).toEqual(Array.from({ length: 500 }, (_, id) => String(id)));
    expect(outcomes.map(({ status }) => status)).toEqual(
      Array.from({ length: 500 }, (_, id) => (id % 3 === 0 ? 'released' : 'accepted')),
    );
  });

  test('never sends beyond the credit, and gives back what got none', async () => {
    const { peer, connection } = await givenAPeer();
    peer.credit = 3;
    const link = connection.openSender('q', { creditWaitMs: 50, outcomeTimeoutMs: 5_000 });
    const outcomes = await Promise.all(Array.from({ length: 5 }, (_, id) => link.send(bytes(id))));
    expect(outcomes.map(({ status }) => status)).toEqual([
      'accepted',
      'accepted',
      'accepted',
      'no-credit',
      'no-credit',
    ]);
    expect(peer.received).toHaveLength(3);
  });

  test('a link without credit does not hold up another', async () => {
    const { peer, connection } = await givenAPeer();
    peer.credit = 0;
    const starved = connection.openSender('starved', hasty).send(bytes(1));
    await expect.poll(() => connection.connected()).toBe(true);
    await starved;
    peer.credit = 1_000;
    const waiting = connection.openSender('starved', patient).send(bytes(2));
    expect(await connection.openSender('fed', patient).send(bytes(3))).toEqual({ status: 'accepted' });
    await connection.close();
    expect(['accepted', 'disconnected']).toContain((await waiting).status);
  });

  test('a message without outcome is given back, and the next one is not harmed', async () => {
    const { peer, connection } = await givenAPeer();
    peer.verdict = ({ message }) => (message.message_id === '1' ? 'silence' : 'accepted');
    const link = connection.openSender('q', { creditWaitMs: 5_000, outcomeTimeoutMs: 100 });
    expect(await Promise.all([link.send(bytes(1)), link.send(bytes(2))])).toEqual([
      { status: 'timeout' },
      { status: 'accepted' },
    ]);
  });

  test('without awaiting the outcome, handed over is enough', async () => {
    const { peer, connection } = await givenAPeer();
    peer.verdict = () => 'silence';
    expect(await connection.openSender('q', patient).send(bytes(1), { awaitOutcome: false })).toEqual({
      status: 'accepted',
    });
  });

  test('what is in flight when the connection is lost is given back, and sending goes on after', async () => {
    const { peer, connection } = await givenAPeer();
    peer.verdict = () => 'silence';
    const link = connection.openSender('q', patient);
    const lost = link.send(bytes(1));
    await expect.poll(() => peer.received.length).toBe(1);
    peer.drop();
    expect(await lost).toEqual({ status: 'disconnected' });
    peer.verdict = () => 'accepted';
    expect(await link.send(bytes(2))).toEqual({ status: 'accepted' });
    expect(idsAt(peer), 'nothing is sent twice').toEqual(['1', '2']);
  });

  test('a refused address says so, and harms no other', async () => {
    const { peer, connection } = await givenAPeer();
    peer.refused.set('bad', 'amqp:not-found');
    const refused = connection.openSender('bad', patient).send(bytes(1));
    expect(await connection.openSender('good', patient).send(bytes(2))).toEqual({ status: 'accepted' });
    expect(await refused).toMatchObject({ status: 'attach-refused', condition: 'amqp:not-found' });
  });

  test('a link that the peer detaches is attached again', async () => {
    const { peer, connection } = await givenAPeer();
    const link = connection.openSender('q', patient);
    await link.send(bytes(1));
    peer.detachAll('amqp:internal-error');
    await expect.poll(async () => (await link.send(bytes(2))).status).toBe('accepted');
  });

  test('an aborted message is not sent', async () => {
    const { peer, connection } = await givenAPeer();
    const link = connection.openSender('q', patient);
    expect(await link.send(bytes(1), { signal: AbortSignal.abort() })).toEqual({ status: 'aborted' });
    peer.credit = 0;
    const waits = new AbortController();
    const waiting = connection.openSender('starved', patient).send(bytes(2), { signal: waits.signal });
    waits.abort();
    expect(await waiting).toEqual({ status: 'aborted' });
    expect(peer.received).toEqual([]);
  });

  test('a peer that gives no outcomes any more is dialled anew', async () => {
    const states: boolean[] = [];
    const { peer, connection } = await givenAPeer({ onStateChange: (connected) => states.push(connected) });
    peer.verdict = () => 'silence';
    const link = connection.openSender('q', { creditWaitMs: 5_000, outcomeTimeoutMs: 20 });
    await Promise.all(Array.from({ length: 100 }, (_, id) => link.send(bytes(id))));
    await expect.poll(() => states).toEqual([true, false, true]);
    peer.verdict = () => 'accepted';
    await expect.poll(async () => (await link.send(bytes('again'))).status).toBe('accepted');
  });

  test('nothing listens: given back in time', async () => {
    const peer = await startScriptedPeer();
    await peer.close();
    const connection = connectTo(peer.port);
    expect(await connection.openSender('q', hasty).send(bytes(1))).toEqual({ status: 'disconnected' });
    expect(connection.connected()).toBe(false);
  });
});

describe('connecting', () => {
  test('goes on trying until somebody listens', async () => {
    const gone = await startScriptedPeer();
    await gone.close();
    const connection = connectTo(gone.port);
    const sent = connection.openSender('q', patient).send(bytes(1));
    const peer = await startScriptedPeer({ port: gone.port });
    open.push(peer);
    expect(await sent).toEqual({ status: 'accepted' });
  });

  test('user name and password beyond ASCII arrive as they are', async () => {
    const { peer, connection } = await givenAPeer({ username: 'sender@hono', password: 'sécrèt€' });
    await connection.whenConnected();
    expect(peer.logins).toEqual([{ username: 'sender@hono', password: 'sécrèt€' }]);
  });

  test('refused credentials are told in one line, and tried again', async () => {
    const peer = await startScriptedPeer();
    open.push(peer);
    peer.authenticate = () => false;
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (_facts: object, message: string) => void warnings.push(message) };
    const connection = connectTo(peer.port, { username: 'u', password: 'wrong-secret', log });
    await expect.poll(() => peer.logins.length).toBeGreaterThan(2);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('check user name, password');
    expect(warnings[0]).not.toContain('wrong-secret');
    peer.authenticate = () => true;
    await connection.whenConnected();
  });

  test('a connection that is closed is not dialled again', async () => {
    const { peer, connection } = await givenAPeer();
    await connection.whenConnected();
    await connection.close();
    expect(connection.connected()).toBe(false);
    await expect(connection.whenConnected()).rejects.toThrow('no connection');
    expect(await connection.openSender('q', hasty).send(bytes(1))).toEqual({ status: 'disconnected' });
    expect(peer.received).toEqual([]);
  });
});

describe('receiving', () => {
  test('messages are settled as the handler says, also when outcomes mix', async () => {
    const { peer, connection } = await givenAPeer();
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
    expect(['released', 'modified']).toContain(outcomes[2]);
    expect(outcomes[3]).toBe('accepted');
  });

  test('credit is renewed: more messages than credit arrive', async () => {
    const { peer, connection } = await givenAPeer();
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

  test('is attached again after the connection was lost', async () => {
    const { peer, connection } = await givenAPeer();
    const states: boolean[] = [];
    const link = connection.openReceiver('q', {
      credit: 5,
      onMessage: async () => 'accepted',
      onStateChange: (attached) => states.push(attached),
    });
    await expect.poll(() => link.attached()).toBe(true);
    peer.drop();
    await expect.poll(() => states).toEqual([true, false, true]);
    expect(await peer.deliver('q', bytes(1))).toBe('accepted');
  });

  test('a temporary subscription says that it goes with its link', async () => {
    const { peer, connection } = await givenAPeer();
    const link = connection.openReceiver('q', {
      credit: 1,
      temporary: true,
      onMessage: async () => 'accepted',
    });
    await expect.poll(() => link.attached()).toBe(true);
    expect(peer.lastSource()).toEqual({ address: 'q', expiryPolicy: 'link-detach' });
  });
});
