import { ManualClock } from '@rollcall/conformance';
import { afterEach, describe, expect, test } from 'vitest';
import { createTestBed } from './testing/test-bed.ts';
import type { ScriptedPeer } from './testing/scripted-peer.ts';
import type { SenderLink } from './sender-options.ts';

const bed = createTestBed();
afterEach(() => bed.closeAll());

const message = new Uint8Array([0x00, 0x53, 0x75, 0xa0, 0x01, 0x21]);

async function givenAPeerThatEndsSessions(): Promise<{
  readonly peer: ScriptedPeer;
  readonly clock: ManualClock;
  openSender(address: string): SenderLink;
}> {
  const clock = new ManualClock();
  const { peer, connection } = await bed.givenAPeer({ clock });
  peer.refusalEndsSession = true;
  await connection.whenConnected();
  const openSender = (address: string): SenderLink =>
    connection.openSender(address, { creditWaitMs: 1_000, outcomeTimeoutMs: 100, ownSession: true });
  return { peer, clock, openSender };
}

describe('a sender link with its own session', () => {
  test('does not harm other links when its address is bad', async () => {
    const { peer, openSender } = await givenAPeerThatEndsSessions();
    peer.refused.set('event/bad', 'amqp:not-found');
    const good = openSender('event/good');
    const bad = openSender('event/bad');
    expect(await good.send(message)).toEqual({ status: 'accepted' });
    expect(await bad.send(message)).toEqual({
      status: 'attach-refused',
      condition: 'amqp:not-found',
      description: 'event/bad is refused',
    });
    expect(await good.send(message)).toEqual({ status: 'accepted' });
    expect(peer.attached, 'the good link was never lost').toEqual(['event/good', 'event/bad']);
    expect(peer.opened()).toBe(1);
  });

  test('attaches again once its address is good', async () => {
    const { peer, clock, openSender } = await givenAPeerThatEndsSessions();
    peer.refused.set('event/late', 'amqp:not-found');
    const link = openSender('event/late');
    expect(await link.send(message)).toMatchObject({ status: 'attach-refused' });
    peer.refused.clear();
    expect(await link.send(message), 'not asked again at once').toMatchObject({ status: 'attach-refused' });
    clock.advance(1_000);
    expect(await link.send(message)).toEqual({ status: 'accepted' });
  });

  test('gives back what was in flight when its session ends, and sends the next message on a new session', async () => {
    const { peer, openSender } = await givenAPeerThatEndsSessions();
    peer.verdict = () => 'silence';
    const link = openSender('event/a');
    const lost = link.send(message);
    await expect.poll(() => peer.received.length).toBe(1);
    peer.endSessions('amqp:internal-error', 'event/a');
    expect(await lost).toEqual({ status: 'disconnected' });
    peer.verdict = () => 'accepted';
    expect(await link.send(message)).toEqual({ status: 'accepted' });
    expect(peer.opened()).toBe(1);
  });

  test('begins another session when no outcomes come, while other links keep theirs', async () => {
    const { peer, clock, openSender } = await givenAPeerThatEndsSessions();
    peer.verdict = ({ address }) => (address === 'event/dead' ? 'silence' : 'accepted');
    const dead = openSender('event/dead');
    const good = openSender('event/good');
    expect(await good.send(message)).toEqual({ status: 'accepted' });
    // A little more than ten times the time-out.
    for (let round = 0; round < 12; round++) {
      const sent = dead.send(message);
      await expect
        .poll(() => peer.received.filter(({ address }) => address === 'event/dead').length)
        .toBe(round + 1);
      clock.advance(100);
      expect(await sent).toEqual({ status: 'timeout' });
      expect(await good.send(message)).toEqual({ status: 'accepted' });
    }
    expect(peer.attached.filter((address) => address === 'event/dead')).toHaveLength(2);
    expect(peer.attached.filter((address) => address === 'event/good')).toHaveLength(1);
    expect(peer.opened()).toBe(1);
  });

  test('makes the connection reconnect when the peer does not begin sessions any more', async () => {
    const { peer, clock, openSender } = await givenAPeerThatEndsSessions();
    peer.verdict = () => 'silence';
    const link = openSender('event/a');
    const unheard = link.send(message);
    await expect.poll(() => peer.received.length).toBe(1);
    peer.fallSilent();
    clock.advance(100);
    expect(await unheard).toEqual({ status: 'timeout' });
    clock.advance(2_000);
    peer.verdict = () => 'accepted';
    await expect.poll(async () => (clock.advance(10), peer.opened())).toBe(2);
    expect(await link.send(message)).toEqual({ status: 'accepted' });
  });

  test('ends its session when it is closed', async () => {
    const { peer, openSender } = await givenAPeerThatEndsSessions();
    const link = openSender('event/a');
    await link.send(message);
    expect(peer.openSessions()).toBe(2);
    await link.close();
    await expect.poll(() => peer.openSessions()).toBe(1);
  });

  test('begins no session when it is closed before anything was sent', async () => {
    const { peer, connection } = await bed.givenAPeer();
    await connection.whenConnected();
    const options = { creditWaitMs: 1_000, outcomeTimeoutMs: 1_000, ownSession: true };
    const link = connection.openSender('event/a', options);
    const sent = link.send(message);
    await link.close();
    expect(await sent).toEqual({ status: 'disconnected' });
    expect(await connection.openSender('event/b', options).send(message)).toEqual({ status: 'accepted' });
    expect(peer.openSessions(), 'of the connection, and of the other link').toBe(2);
  });

  test('shares the session of the connection when the peer allows only one', async () => {
    const { peer, connection } = await bed.givenAPeer({}, { channelMax: 0 });
    const options = { creditWaitMs: 1_000, outcomeTimeoutMs: 1_000, ownSession: true };
    expect(await connection.openSender('event/a', options).send(message)).toEqual({ status: 'accepted' });
    expect(await connection.openSender('event/b', options).send(message)).toEqual({ status: 'accepted' });
    expect(peer.openSessions()).toBe(1);
  });
});
