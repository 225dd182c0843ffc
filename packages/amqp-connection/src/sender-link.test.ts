import { ManualClock, settled } from '@rollcall/conformance';
import { afterEach, describe, expect, test } from 'vitest';
import { createTestBed, startScriptedPeer, type Verdict } from './testing/index.ts';
import { bytes, idsAt, patient, upTo } from './testing/sender-link-bed.ts';

const bed = createTestBed();
afterEach(() => bed.closeAll());

test('messages of a link with `gatherMs` leave together; the first after a pause leaves at once', async () => {
  const clock = new ManualClock();
  const { peer, connection } = await bed.givenAPeer({ clock });
  const link = connection.openSender('q', { ...patient, gatherMs: 5 });
  await link.send(bytes(1));
  clock.advance(5);
  await link.send(bytes(2));
  const gathering = [3, 4, 5].map((id) => link.send(bytes(id)));
  clock.advance(4);
  await settled();
  expect(idsAt(peer)).toEqual(['1', '2']);
  clock.advance(1);
  await Promise.all(gathering);
  expect(idsAt(peer)).toEqual(['1', '2', '3', '4', '5']);
});

test('a message can be submitted from inside the callback that gets the outcome of another', async () => {
  const { peer, connection } = await bed.givenAPeer();
  peer.refused.set('q', 'amqp:not-found');
  const link = connection.openSender('q', patient);
  const heard: string[] = [];
  let atOnce = 0;
  await new Promise<void>((resolve) => {
    const tryAgain = (): void =>
      link.submit(bytes(heard.length), {}, ({ status }) => {
        heard.push(status);
        if (heard.length === 1) queueMicrotask(() => (atOnce = heard.length));
        if (heard.length < 3) tryAgain();
        else resolve();
      });
    tryAgain();
  });
  expect(heard).toEqual(['attach-refused', 'attach-refused', 'attach-refused']);
  expect(atOnce).toBe(1);
  expect(peer.attached).toEqual(['q']);
});

describe('the result of a message', () => {
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
    ['none, and settled', 'settled-without-outcome', { status: 'settled-without-outcome' }],
    ['accepted, not settled', 'accepted-unsettled', { status: 'unsettled', outcome: 'accepted' }],
  ])('is its outcome: %s', async (_name, verdict, outcome) => {
    const { peer, connection } = await bed.givenAPeer();
    peer.verdict = () => verdict;
    expect(await connection.openSender('q', patient).send(bytes(1))).toEqual(outcome);
  });

  test('belongs to that message, and the messages keep their order, when outcomes mix', async () => {
    const { peer, connection } = await bed.givenAPeer();
    peer.verdict = ({ message }) => (Number(message.message_id) % 3 === 0 ? 'released' : 'accepted');
    const link = connection.openSender('q', patient);
    const outcomes = await Promise.all(upTo(500).map((id) => link.send(bytes(id))));
    expect(idsAt(peer)).toEqual(upTo(500).map(String));
    expect(outcomes.map(({ status }) => status)).toEqual(
      upTo(500).map((id) => (id % 3 === 0 ? 'released' : 'accepted')),
    );
  });

  test('is `timeout` when no outcome comes in time: the message is released and settled, and no other is harmed', async () => {
    const clock = new ManualClock();
    const { peer, connection } = await bed.givenAPeer({ clock });
    peer.verdict = ({ message }) => (message.message_id === '1' ? 'silence' : 'accepted');
    const link = connection.openSender('q', patient);
    const silent = link.send(bytes(1));
    expect(await link.send(bytes(2))).toEqual({ status: 'accepted' });
    clock.advance(5_000);
    expect(await silent).toEqual({ status: 'timeout' });
    expect(await link.send(bytes(3))).toEqual({ status: 'accepted' });
    expect(peer.givenUp).toEqual(['released']);
  });

  test('comes when the message was handed over, if the caller does not await the outcome', async () => {
    const { peer, connection } = await bed.givenAPeer();
    peer.verdict = () => 'silence';
    expect(await connection.openSender('q', patient).send(bytes(1), { awaitOutcome: false })).toEqual({
      status: 'accepted',
    });
  });

  test('is `aborted` as soon as the caller aborts', async () => {
    const { peer, connection } = await bed.givenAPeer();
    peer.verdict = () => 'silence';
    const link = connection.openSender('q', patient);
    expect(await link.send(bytes(1), { signal: AbortSignal.abort() })).toEqual({ status: 'aborted' });
    const aborts = new AbortController();
    const inFlight = link.send(bytes(2), { signal: aborts.signal });
    await expect.poll(() => idsAt(peer)).toEqual(['2']);
    aborts.abort();
    expect(await inFlight).toEqual({ status: 'aborted' });
  });

  test('is `disconnected` when the connection is lost before the outcome; sending goes on after', async () => {
    const { peer, connection } = await bed.givenAPeer();
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
});

describe('the owner of messages', () => {
  test('that hands in a thousand messages makes other owners wait for only a few of them', async () => {
    const { peer, connection } = await bed.givenAPeer();
    peer.credit = 10;
    const link = connection.openSender('q', { ...patient, creditWaitMs: 60_000 });
    const flood = upTo(1_000).map((id) => link.send(bytes(`a${id}`), { turn: 'a' }));
    await expect.poll(() => peer.received.length).toBe(10);
    const others = ['b', 'c'].map((turn) => link.send(bytes(`${turn}0`), { turn }));
    for (let step = 0; step < 4; step++) peer.grant('q', 1);
    await Promise.all(others);
    expect(idsAt(peer).slice(10, 14)).toHaveLength(4);
    expect(idsAt(peer).slice(10, 14)).toEqual(expect.arrayContaining(['b0', 'c0']));
    peer.grant('q', 1_000);
    await Promise.all(flood);
    expect(idsAt(peer).filter((id) => String(id).startsWith('a'))).toEqual(upTo(1_000).map((id) => `a${id}`));
  });

  test('has a tenth of the room at most, and the others have the rest', async () => {
    const { peer, connection } = await bed.givenAPeer();
    peer.credit = 0;
    const link = connection.openSender('q', { ...patient, creditWaitMs: 60_000, maxWaiting: 100 });
    const flood = upTo(20).map((id) => link.send(bytes(`a${id}`), { turn: 'a' }));
    expect((await Promise.all(flood.slice(10))).map(({ status }) => status)).toEqual(
      upTo(10).map(() => 'no-credit'),
    );
    const other = link.send(bytes('b0'), { turn: 'b' });
    await expect.poll(() => peer.attached).toEqual(['q']);
    peer.grant('q', 100);
    expect(await other).toEqual({ status: 'accepted' });
    await Promise.all(flood);
  });

  test('does not matter for time-outs: messages come back in the order in which they came', async () => {
    const clock = new ManualClock();
    const { peer, connection } = await bed.givenAPeer({ clock });
    peer.credit = 1;
    const link = connection.openSender('q', { ...patient, creditWaitMs: 1_000 });
    await link.send(bytes('first'));
    const given: string[] = [];
    const hear = (name: string) => (): void => void given.push(name);
    link.submit(bytes('a0'), { turn: 'a' }, hear('a0'));
    link.submit(bytes('a1'), { turn: 'a' }, hear('a1'));
    await settled();
    clock.advance(500);
    link.submit(bytes('b0'), { turn: 'b' }, hear('b0'));
    clock.advance(500);
    expect(given).toEqual(['a0', 'a1']);
    clock.advance(500);
    expect(given).toEqual(['a0', 'a1', 'b0']);
  });
});

describe('a sender link', () => {
  test('sends to its address unsettled, and the receiver settles first', async () => {
    const { peer, connection } = await bed.givenAPeer();
    await connection.openSender('telemetry/acme', patient).send(bytes(1));
    expect(peer.lastTarget()?.address).toBe('telemetry/acme');
    expect(peer.lastSettleModes()).toEqual([0, 0]);
  });

  test('that is refused gives messages back with the reason, harms no other, and is not tried for each message', async () => {
    const clock = new ManualClock();
    const { peer, connection } = await bed.givenAPeer({ clock });
    peer.refused.set('bad', 'amqp:not-found');
    const bad = connection.openSender('bad', patient);
    const refused = { status: 'attach-refused', condition: 'amqp:not-found', description: 'bad is refused' };
    expect(await bad.send(bytes(1))).toEqual(refused);
    expect(await bad.send(bytes(2))).toEqual(refused);
    expect(await connection.openSender('good', patient).send(bytes(3))).toEqual({ status: 'accepted' });
    expect(peer.attached).toEqual(['bad', 'good']);
    peer.refused.clear();
    clock.advance(500);
    expect(await bad.send(bytes(4))).toEqual({ status: 'accepted' });
  });

  test('that was refused is tried again on the next connection', async () => {
    const clock = new ManualClock();
    const { peer, connection } = await bed.givenAPeer({ clock });
    peer.refused.set('q', 'amqp:not-found');
    const link = connection.openSender('q', patient);
    expect(await link.send(bytes(1))).toMatchObject({ status: 'attach-refused' });
    peer.refused.clear();
    peer.drop();
    await expect.poll(() => connection.connected()).toBe(false);
    const sent = link.send(bytes(2));
    await settled();
    clock.advance(0);
    expect(await sent).toEqual({ status: 'accepted' });
  });

  test('that the peer detaches is attached again', async () => {
    const { peer, connection } = await bed.givenAPeer();
    const link = connection.openSender('q', patient);
    peer.verdict = ({ message }) => (message.message_id === '1' ? 'accepted' : 'silence');
    await link.send(bytes(1));
    const inFlight = link.send(bytes(2));
    await expect.poll(() => idsAt(peer)).toEqual(['1', '2']);
    peer.detachAll('amqp:internal-error');
    expect(await inFlight).toEqual({ status: 'disconnected' });
    peer.verdict = () => 'accepted';
    expect(await link.send(bytes(3))).toEqual({ status: 'accepted' });
    expect(peer.attached).toEqual(['q', 'q']);
  });

  test('gives messages back when the peer does not answer its attach in time', async () => {
    const clock = new ManualClock();
    const { peer, connection } = await bed.givenAPeer({ clock, linkTimeoutMs: 1_000 });
    await connection.whenConnected();
    peer.fallSilent();
    const sent = connection.openSender('q', patient).send(bytes(1));
    await expect.poll(() => peer.attached).toEqual(['q']);
    clock.advance(1_000);
    const description = 'no answer within 1000 ms';
    expect(await sent).toEqual({ status: 'attach-refused', description, unanswered: true });
  });

  test('is closed without harm to other links', async () => {
    const { peer, connection } = await bed.givenAPeer();
    const first = connection.openSender('first', patient);
    const second = connection.openSender('second', patient);
    await Promise.all([first.send(bytes(1)), second.send(bytes(2))]);
    await first.close();
    expect(await first.send(bytes(3))).toEqual({ status: 'disconnected' });
    expect(await second.send(bytes(4))).toEqual({ status: 'accepted' });
    expect(peer.opened()).toBe(1);
  });

  test('gives messages back in time when there is no connection', async () => {
    const peer = await startScriptedPeer();
    await peer.close();
    const clock = new ManualClock();
    const connection = bed.connectTo(peer.port, { clock });
    const sent = connection.openSender('q', patient).send(bytes(1));
    clock.advance(5_000);
    expect(await sent).toEqual({ status: 'disconnected' });
  });
});
