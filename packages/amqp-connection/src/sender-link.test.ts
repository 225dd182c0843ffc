import { ManualClock, settled } from '@rollcall/conformance';
import rhea from 'rhea';
import { afterEach, describe, expect, test } from 'vitest';
import { createTestBed, startScriptedPeer, type ScriptedPeer, type Verdict } from './testing/index.ts';

const bed = createTestBed();
afterEach(() => bed.closeAll());

const patient = { creditWaitMs: 5_000, outcomeTimeoutMs: 5_000 };
const bytes = (id: string | number): Uint8Array => rhea.message.encode({ message_id: String(id), body: 'x' });
const idsAt = (peer: ScriptedPeer): unknown[] => peer.received.map(({ message }) => message.message_id);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, id) => id);

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

test('a peer that names no target and gives credit gets messages', async () => {
  const clock = new ManualClock();
  const { peer, connection } = await bed.givenAPeer({ clock });
  peer.namesNoTarget = true;
  const link = connection.openSender('', patient);
  expect(await Promise.all(upTo(50).map((id) => link.send(bytes(id))))).toEqual(
    upTo(50).map(() => ({ status: 'accepted' })),
  );
  // The link is open: later messages do not wait for an attach.
  peer.verdict = () => 'silence';
  const late = link.send(bytes('late'));
  await expect.poll(() => peer.received.length).toBe(51);
  clock.advance(60_000);
  expect(await late).toEqual({ status: 'timeout' });
});

describe('onReachable, after messages came back because the peer did not answer,', () => {
  test('is called when there is credit', async () => {
    const clock = new ManualClock();
    const { peer, connection } = await bed.givenAPeer({ clock });
    peer.credit = 0;
    let heard = 0;
    const link = connection.openSender('q', { ...patient, onReachable: () => (heard += 1) });
    const sent = link.send(bytes(1));
    await expect.poll(() => peer.attached).toEqual(['q']);
    await settled();
    clock.advance(5_000);
    expect(await sent).toEqual({ status: 'no-credit' });
    expect(heard).toBe(0);
    peer.grant('q', 10);
    await expect.poll(() => heard).toBe(1);
    expect(await link.send(bytes(2))).toEqual({ status: 'accepted' });
    expect(heard).toBe(1);
  });

  test('is called when an outcome comes late', async () => {
    const clock = new ManualClock();
    const { peer, connection } = await bed.givenAPeer({ clock });
    peer.verdict = ({ message }) => (message.message_id === '1' ? 'silence' : 'accepted');
    let heard = 0;
    const link = connection.openSender('q', { ...patient, onReachable: () => (heard += 1) });
    const sent = link.send(bytes(1));
    await expect.poll(() => idsAt(peer)).toEqual(['1']);
    clock.advance(5_000);
    expect(await sent).toEqual({ status: 'timeout' });
    expect(await link.send(bytes(2))).toEqual({ status: 'accepted' });
    expect(heard).toBe(1);
  });

  test('is not called when nothing came back', async () => {
    const { connection } = await bed.givenAPeer();
    let heard = 0;
    const link = connection.openSender('q', { ...patient, onReachable: () => (heard += 1) });
    for (const id of [1, 2, 3]) expect(await link.send(bytes(id))).toEqual({ status: 'accepted' });
    expect(heard).toBe(0);
  });
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

describe('credit of a link', () => {
  test('is never exceeded, and messages that get none come back', async () => {
    const clock = new ManualClock();
    const { peer, connection } = await bed.givenAPeer({ clock });
    peer.credit = 3;
    const link = connection.openSender('q', { ...patient, creditWaitMs: 1_000 });
    const outcomes = upTo(5).map((id) => link.send(bytes(id)));
    await Promise.all(outcomes.slice(0, 3));
    clock.advance(1_000);
    expect((await Promise.all(outcomes)).map(({ status }) => status)).toEqual([
      'accepted',
      'accepted',
      'accepted',
      'no-credit',
      'no-credit',
    ]);
    expect(idsAt(peer)).toEqual(['0', '1', '2']);
  });

  test('does not hold up another link while it is missing', async () => {
    const { peer, connection } = await bed.givenAPeer();
    peer.credit = 0;
    const starved = connection.openSender('starved', patient);
    const waiting = starved.send(bytes(1));
    await expect.poll(() => peer.attached).toEqual(['starved']);
    peer.credit = 10;
    expect(await connection.openSender('fed', patient).send(bytes(2))).toEqual({ status: 'accepted' });
    peer.grant('starved', 1);
    expect(await waiting).toEqual({ status: 'accepted' });
  });

  test('is not exceeded when the session window closes first', async () => {
    const { peer, connection } = await bed.givenAPeer();
    // rhea as a peer takes 2,048 unsettled messages.
    peer.credit = 2_500;
    peer.verdict = () => 'silence';
    const link = connection.openSender('q', patient);
    const sent = upTo(2_500).map((id) => link.send(bytes(id)));
    await expect.poll(() => peer.received.length).toBe(2_048);
    const beyond = upTo(500).map((id) => link.send(bytes(2_500 + id)));
    await settled();
    peer.verdict = () => 'accepted';
    peer.settleHeld('accepted');
    expect(await connection.openSender('other', patient).send(bytes('other'))).toEqual({
      status: 'accepted',
    });
    expect(new Set((await Promise.all(sent)).map(({ status }) => status))).toEqual(new Set(['accepted']));
    expect(idsAt(peer).filter((id) => id !== 'other')).toEqual(upTo(2_500).map(String));
    peer.grant('q', 500);
    await Promise.all(beyond);
    expect(idsAt(peer).filter((id) => id !== 'other')).toEqual(upTo(3_000).map(String));
  });

  test('is used by the attached link when it comes late, and no second link is attached', async () => {
    const clock = new ManualClock();
    const { peer, connection } = await bed.givenAPeer({ clock });
    peer.credit = 0;
    const link = connection.openSender('q', patient);
    for (const id of upTo(3)) {
      const sent = link.send(bytes(id));
      await expect.poll(() => peer.attached).toEqual(['q']);
      clock.advance(20_000);
      expect(await sent).toEqual({ status: 'no-credit' });
    }
    peer.grant('q', 1);
    expect(await link.send(bytes('late'))).toEqual({ status: 'accepted' });
    expect(peer.attached).toEqual(['q']);
  });

  test('is given back when the peer drains the link', async () => {
    const { peer, connection } = await bed.givenAPeer();
    const link = connection.openSender('q', patient);
    await link.send(bytes(1));
    await peer.drain('q');
    const waiting = link.send(bytes(2));
    expect(idsAt(peer)).toEqual(['1']);
    peer.grant('q', 1);
    expect(await waiting).toEqual({ status: 'accepted' });
  });

  test('is awaited by a bounded number of messages', async () => {
    const { peer, connection } = await bed.givenAPeer();
    peer.credit = 0;
    const link = connection.openSender('q', { ...patient, maxWaiting: 2 });
    const waiting = [link.send(bytes(1)), link.send(bytes(2))];
    expect(await link.send(bytes(3))).toEqual({ status: 'no-credit' });
    await link.close();
    expect(await Promise.all(waiting)).toEqual([{ status: 'disconnected' }, { status: 'disconnected' }]);
  });

  test('is not used by a message whose caller aborts', async () => {
    const { peer, connection } = await bed.givenAPeer();
    peer.credit = 0;
    const link = connection.openSender('q', patient);
    const aborts = new AbortController();
    const waiting = link.send(bytes(1), { signal: aborts.signal });
    const next = link.send(bytes(2));
    await expect.poll(() => peer.attached).toEqual(['q']);
    aborts.abort();
    expect(await waiting).toEqual({ status: 'aborted' });
    peer.grant('q', 2);
    expect(await next).toEqual({ status: 'accepted' });
    expect(idsAt(peer)).toEqual(['2']);
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

describe('a peer that gives no outcomes', () => {
  const options = { creditWaitMs: 5_000, outcomeTimeoutMs: 1_000 };

  async function givenASilentPeer() {
    const clock = new ManualClock();
    const { peer, connection } = await bed.givenAPeer({ clock });
    peer.verdict = () => 'silence';
    const link = connection.openSender('q', options);
    const sendInVain = async (): Promise<void> => {
      const before = peer.received.length;
      const sent = link.send(bytes('vain'));
      await expect.poll(() => peer.received.length).toBe(before + 1);
      clock.advance(1_000);
      expect(await sent).toEqual({ status: 'timeout' });
    };
    return { clock, peer, connection, link, sendInVain };
  }

  test('is dialled again after ten outcome time-outs', async () => {
    const { clock, peer, connection, link, sendInVain } = await givenASilentPeer();
    for (let round = 0; round < 9; round++) await sendInVain();
    expect(connection.connected()).toBe(true);
    await sendInVain();
    await expect.poll(() => connection.connected()).toBe(false);
    peer.verdict = () => 'accepted';
    clock.advance(0);
    expect(await link.send(bytes('again'))).toEqual({ status: 'accepted' });
    expect(peer.opened()).toBe(2);
  });

  test('keeps its connection when outcomes come late, or for another address', async () => {
    const { peer, connection, sendInVain } = await givenASilentPeer();
    for (let round = 0; round < 9; round++) await sendInVain();
    peer.settleHeld('accepted');
    peer.verdict = () => 'accepted';
    await connection.openSender('other', options).send(bytes('heard'));
    peer.verdict = () => 'silence';
    for (let round = 0; round < 9; round++) await sendInVain();
    expect(connection.connected()).toBe(true);
    expect(peer.opened()).toBe(1);
  });

  test('does not keep the room of its messages, also when no caller awaits their outcome', async () => {
    const clock = new ManualClock();
    const { peer, connection } = await bed.givenAPeer({ clock, deliveriesPerConnection: 10 });
    peer.verdict = () => 'silence';
    const link = connection.openSender('q', options);
    for (const id of upTo(10)) await link.send(bytes(id), { awaitOutcome: false });
    await expect.poll(() => peer.received.length).toBe(10);
    clock.advance(1_000);
    peer.verdict = () => 'accepted';
    // The ids are used up here: the connection is renewed as soon as nothing is unsettled on it.
    const next = link.send(bytes('next'));
    await expect
      .poll(() => {
        clock.advance(5);
        return peer.opened();
      })
      .toBe(2);
    expect(await next).toEqual({ status: 'accepted' });
  });
});

describe('after a standstill of this process', () => {
  test.each([1_000, 5_000, 15_000])(
    'of %i ms, an outcome that waits in the socket counts, and messages without one keep waiting',
    async (stallMs) => {
      const clock = new ManualClock();
      const { peer, connection } = await bed.givenAPeer({ clock });
      peer.verdict = () => 'silence';
      const link = connection.openSender('q', { creditWaitMs: 1_000, outcomeTimeoutMs: 1_000 });
      const sent = [1, 2, 3].map((id) => link.send(bytes(id)));
      await expect.poll(() => idsAt(peer)).toEqual(['1', '2', '3']);
      clock.advance(900);
      peer.settleHeld('accepted');
      const late = link.send(bytes(4));
      await expect.poll(() => idsAt(peer)).toContain('4');
      // Nothing more is read in this turn.
      clock.stall(stallMs);
      expect(await Promise.all(sent)).toEqual(sent.map(() => ({ status: 'accepted' })));
      peer.settleHeld('accepted');
      expect(await late).toEqual({ status: 'accepted' });
    },
  );

  test('a message whose outcome does not come has `timeout`', async () => {
    const clock = new ManualClock();
    const { peer, connection } = await bed.givenAPeer({ clock });
    peer.verdict = () => 'silence';
    const link = connection.openSender('q', { creditWaitMs: 1_000, outcomeTimeoutMs: 1_000 });
    const sent = link.send(bytes(1));
    await expect.poll(() => idsAt(peer)).toEqual(['1']);
    clock.stall(5_000);
    clock.advance(2_000);
    expect(await sent).toEqual({ status: 'timeout' });
  });

  test('credit that waits in the socket is used', async () => {
    const clock = new ManualClock();
    const { peer, connection } = await bed.givenAPeer({ clock });
    peer.credit = 0;
    const link = connection.openSender('q', { creditWaitMs: 1_000, outcomeTimeoutMs: 1_000 });
    const sent = link.send(bytes(1));
    await expect.poll(() => peer.attached).toEqual(['q']);
    await settled();
    peer.grant('q', 10);
    clock.stall(5_000);
    expect(await sent).toEqual({ status: 'accepted' });
  });

  test('a link whose attach was answered meanwhile is open', async () => {
    const clock = new ManualClock();
    const { peer, connection } = await bed.givenAPeer({ clock });
    await connection.whenConnected();
    const link = connection.openSender('q', { creditWaitMs: 1_000, outcomeTimeoutMs: 1_000 });
    const sent = link.send(bytes(1));
    // The attach leaves at the end of the turn.
    await new Promise((resolve) => setImmediate(resolve));
    clock.stall(5_000);
    expect(await sent).toEqual({ status: 'accepted' });
    expect(peer.attached).toEqual(['q']);
  });
});
