import { settled } from '@rollcall/conformance';
import { later } from '@rollcall/core/environment';
import type { Peer } from '@rollcall/dtls';
import { describe, expect, test } from 'vitest';
import { nameOf } from './testing/address-judge.ts';
import { givenAMovingDevice, home } from './testing/moving-device.ts';

const moved: Peer = { address: '198.51.100.7', port: 815 };
const stranger: Peer = { address: '203.0.113.66', port: 1 };

describe('a device that changes its address', () => {
  test('a device that changes its address is answered at the new one, once it has proved that it receives there', async () => {
    const { connect, moveTo, ask, broken, answersTo, dtls } = givenAMovingDevice(1);
    await connect();
    for (const peer of [moved, home, moved]) {
      moveTo(peer);
      const asked = ask();
      while (asked.answer === undefined) await settled();
      expect(asked.answer).toBe('2.04');
      expect(answersTo.at(-1)).toBe(nameOf(peer));
    }
    expect(broken).toEqual([]);
    expect(dtls.counters).toMatchObject({ handshakes: 1, addressChanges: 3 });
  });

  test('a device whose probe takes longer than 2 s is answered at its new address once it asks again', async () => {
    let slowly = false;
    const { connect, moveTo, ask, broken, clock, answersTo } = givenAMovingDevice(1, {
      toPeer(_datagram, to, deliver) {
        if (!slowly) deliver();
        else if (to.address === moved.address) clock.at(later(clock.monotonic(), 2_500), deliver);
      },
    });
    await connect();
    slowly = true;
    moveTo(moved);
    const asked = ask();
    await clock.advanceAsync(2_000);
    expect(answersTo.at(-1)).toBe(nameOf(home));
    await clock.advanceAsync(10_000);
    expect(asked.answer).toBe('2.04');
    expect(answersTo.at(-1)).toBe(nameOf(moved));
    expect(broken).toEqual([]);
  });
});

describe('datagrams that an attacker relays', () => {
  test('a relayed request redirects no answer: it goes to the device’s own address, after 2 s', async () => {
    let relays = false;
    const { connect, ask, broken, answersTo, clock, dtls } = givenAMovingDevice(1, {
      toServer: (_datagram, from, deliver) => deliver(relays ? stranger : from),
      toPeer: (_datagram, to, deliver) => void (to.address === home.address && deliver()),
    });
    await connect();
    const before = answersTo.length;
    relays = true;
    const asked = ask();
    await clock.advanceAsync(1_999);
    expect(answersTo).toHaveLength(before);
    await clock.advanceAsync(1);
    expect(answersTo.slice(before)).toEqual([nameOf(home)]);
    expect(asked.answer).toBe('2.04');
    expect(broken).toEqual([]);
    expect(dtls.counters.addressChanges).toBe(0);
  });

  test('a relayed probe that the device answers from its own address redirects no answer', async () => {
    const sentOn: Peer[] = [];
    let relays = false;
    const { connect, ask, broken, answersTo, clock, dtls } = givenAMovingDevice(1, {
      toServer(_datagram, from, deliver) {
        // The request is relayed from elsewhere; the answer to the probe is not.
        const via = relays && sentOn.length === 0 ? stranger : from;
        if (relays) sentOn.push(via);
        deliver(via);
      },
      toPeer: (_datagram, _to, deliver) => deliver(),
    });
    await connect();
    const before = answersTo.length;
    relays = true;
    const asked = ask();
    await clock.advanceAsync(0);
    // The device sent from its own address, so the answer goes there.
    expect(asked.answer).toBe('2.04');
    expect(sentOn).toEqual([stranger, home]);
    expect(answersTo.slice(before)).toEqual([nameOf(home)]);
    expect(broken).toEqual([]);
    expect(dtls.counters.addressChanges).toBe(0);
  });
});
