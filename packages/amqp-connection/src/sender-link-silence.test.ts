import { ManualClock, settled } from '@rollcall/conformance';
import { afterEach, describe, expect, test } from 'vitest';
import { createTestBed, untilRead } from './testing/index.ts';
import { bytes, idsAt, patient, upTo } from './testing/sender-link-bed.ts';

const bed = createTestBed();
afterEach(() => bed.closeAll());

describe('onReachable, after messages came back because the peer did not answer,', () => {
  test('is called when there is credit', async () => {
    const clock = new ManualClock();
    const { peer, connection } = await bed.givenAPeer({ clock });
    peer.credit = 0;
    let heard = 0;
    const link = connection.openSender('q', { ...patient, onReachable: () => (heard += 1) });
    const sent = link.send(bytes(1));
    await expect.poll(() => peer.attached).toEqual(['q']);
    await untilRead(peer, connection);
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
