import { later } from '@rollcall/core/environment';
import type { Peer } from '@rollcall/dtls';
import { expect, test } from 'vitest';
import { nameOf } from './testing/address-judge.ts';
import { givenAMovingDevice, home, type Way } from './testing/moving-device.ts';

const cases = Number(process.env['ROLLCALL_FUZZ_CASES'] ?? 300);
const seeds = Math.ceil(cases / 150);

/** What an attacker in the middle may do with a datagram of the device. */
const tricks = [
  'pass',
  'pass',
  'pass',
  'relay',
  'relay and pass',
  'pass and relay',
  'lose',
  'delay',
] as const;
const evil = [1, 2, 3, 4, 5].map((port) => ({ address: '203.0.113.66', port }));

/** An attacker who relays the device's datagrams from other addresses, and relays to it what arrives at some of them. */
function givenSomebodyOnTheWay(seed: number) {
  const handedOn = new Set(evil.slice(0, seed % 4).map(nameOf));
  let isThere = false;
  let at = home;
  const way: Way = {
    toServer(_datagram, from, deliver) {
      const { clock, random } = device;
      const trick = isThere ? tricks[random.pick(tricks.length)] : 'pass';
      const other = evil[random.pick(evil.length)] ?? from;
      if (trick === 'relay' || trick === 'relay and pass') deliver(other);
      if (trick !== 'relay' && trick !== 'lose' && trick !== 'delay') deliver(from);
      if (trick === 'pass and relay') deliver(other);
      const peer = random.pick(2) === 0 ? from : other;
      if (trick === 'delay') clock.at(later(clock.monotonic(), random.pick(5_000)), () => deliver(peer));
    },
    toPeer(_datagram, to, deliver) {
      const isDevices = to.address === at.address && to.port === at.port;
      if (isDevices || (isThere && handedOn.has(nameOf(to)))) deliver();
    },
  };
  const device = givenAMovingDevice(seed, way);
  return {
    device,
    moveTo(peer: Peer): void {
      at = peer;
      device.moveTo(peer);
    },
    appear: () => (isThere = true),
    leave: () => (isThere = false),
  };
}

test.each(Array.from({ length: seeds }, (_, seed) => seed + 1))(
  'whatever an attacker on the way does, no answer goes to an address that answered no probe; afterwards the device is answered (seed %i)',
  async (seed) => {
    // given
    const { device, moveTo, appear, leave } = givenSomebodyOnTheWay(seed);
    const { clock, random, client, broken, answersTo } = device;
    let now = home;
    await device.connect();
    // when it talks and moves
    appear();
    for (let step = 0; step < 60; step++) {
      if (random.pick(8) === 0) {
        now = { address: '198.51.100.7', port: 1_000 + random.pick(3) };
        moveTo(now);
      }
      device.ask();
      await clock.advanceAsync(random.pick(3_000));
    }
    // then
    expect(broken).toEqual([]);
    // and when they leave, it is answered wherever it is
    leave();
    await clock.advanceAsync(100_000);
    const asked = device.ask();
    await clock.advanceAsync(30_000);
    expect(asked.answer).toBe('2.04');
    expect(answersTo.at(-1)).toBe(nameOf(now));
    expect(broken).toEqual([]);
    client.close();
  },
);
