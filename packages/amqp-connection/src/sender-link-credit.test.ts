import { ManualClock, settled } from '@rollcall/conformance';
import { afterEach, describe, expect, test } from 'vitest';
import { createTestBed, untilRead } from './testing/index.ts';
import { bytes, idsAt, patient, upTo } from './testing/sender-link-bed.ts';

const bed = createTestBed();
afterEach(() => bed.closeAll());

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
      await expect.poll(() => peer.attached).toContain('q');
      await untilRead(peer, connection);
      clock.advance(20_000);
      expect(await sent).toEqual({ status: 'no-credit' });
    }
    peer.grant('q', 1);
    expect(await link.send(bytes('late'))).toEqual({ status: 'accepted' });
    expect(peer.attached.filter((address) => address === 'q')).toHaveLength(1);
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
