import { seededRandom } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { addressBlocks, peerKey, type Peer } from './peer.ts';
import { createPendingHandshakes, type Pending, type Standing } from './pending-handshakes.ts';

function pendingOf(peer: Peer, startedAt = 0): Pending {
  return {
    key: peerKey(peer),
    peer,
    startedAt,
    heardAt: startedAt,
    clientRandom: Buffer.alloc(32),
    helloSequence: 1,
    isRestart: false,
    state: { name: 'asking-whether-to-resume' },
  };
}

const isShared = (): boolean => false;

function addressFrom(random: ReturnType<typeof seededRandom>): string {
  return random.pick(2) === 0
    ? `10.0.${random.pick(2)}.${random.pick(4)}`
    : `2001:db8:${random.pick(2)}:${random.pick(4)}::${random.pick(9)}`;
}

describe('handshakes that are under way', () => {
  test('a pending handshake is counted once, whatever its outcome', () => {
    const pending = createPendingHandshakes({ maxPendingHandshakes: 9, maxPendingPerAddress: 1, isShared });
    const peer = { address: '10.0.0.1', port: 1 };
    const first = pendingOf(peer);
    pending.add(first);
    expect(pending.inTheWayOf(peer)).toBe(first);
    pending.delete(first);
    pending.delete(first);
    expect(pending.inTheWayOf(peer)).toBeUndefined();
    const second = pendingOf(peer);
    pending.add(second);
    pending.move(second, 'failed');
    pending.move(second, 'key-exchange');
    expect([pending.size, pending.underWay]).toEqual([1, 0]);
    expect(pending.inTheWayOf(peer)).toBeUndefined();
  });

  test('an address that many clients share has no limit of its own', () => {
    const limits = { maxPendingHandshakes: 3, maxPendingPerAddress: 1 };
    const pending = createPendingHandshakes({ ...limits, isShared: (address) => address === '10.0.0.1' });
    const shared = [1, 2, 3].map((port) => pendingOf({ address: '10.0.0.1', port }));
    for (const each of shared) {
      expect(pending.inTheWayOf(each.peer)).toBeUndefined();
      pending.add(each);
    }
    expect(pending.inTheWayOf({ address: '10.0.0.1', port: 4 })).toBe(shared[0]);
    expect(pending.inTheWayOf({ address: '10.0.0.2', port: 4 })).toBe(shared[0]);
  });

  test('made-up key exchanges do not keep a newcomer from its own key exchange', () => {
    const pending = createPendingHandshakes({
      maxPendingHandshakes: 100,
      maxPendingPerAddress: 100,
      isShared,
    });
    const all = Array.from({ length: 100 }, (_, i) => pendingOf({ address: `10.0.${i}.1`, port: 1 }));
    for (const each of all) pending.add(each);
    for (const each of all.slice(0, 75)) pending.move(each, 'key-exchange');
    expect(pending.inTheWayOf({ address: '192.0.2.1', port: 1 })).toBe(all[75]);
    if (all[75]) pending.move(all[75], 'key-exchange');
    expect(pending.inTheWayOf({ address: '192.0.2.1', port: 1 })).toBe(all[0]);
  });

  test.each([1, 2, 3, 4])(
    'pending handshakes never exceed their bounds, and the right one gives way (seed %d)',
    (seed) => {
      // given
      const random = seededRandom(seed);
      const limits = { maxPendingHandshakes: 40, maxPendingPerAddress: 12, isShared };
      const pending = createPendingHandshakes(limits);
      const model = new Map<Pending, Standing>();
      const standing = (wanted: Standing, address?: string): readonly Pending[] =>
        [...model].filter(([each, is]) => is === wanted && isOf(each, address)).map(([each]) => each);
      const isOf = (each: Pending, address: string | undefined): boolean =>
        address === undefined || addressBlocks(each.peer.address)[1] === addressBlocks(address)[1];
      const most = (among: readonly Pending[], block: 0 | 1): readonly Pending[] => {
        const blocks = among.map(({ peer }) => addressBlocks(peer.address)[block]);
        const held = new Map<string, number>();
        for (const each of blocks) held.set(each, (held.get(each) ?? 0) + 1);
        const greatest = Math.max(...held.values());
        return among.filter((_, i) => held.get(blocks[i] ?? '') === greatest);
      };

      function check(victim: Pending, address: string): void {
        const ofAddress = [...standing('cookie', address), ...standing('key-exchange', address)].length;
        const isAddressFull = ofAddress >= limits.maxPendingPerAddress;
        const place = isAddressFull ? address : undefined;
        const room = isAddressFull ? limits.maxPendingPerAddress : limits.maxPendingHandshakes;
        const failed = isAddressFull ? [] : standing('failed');
        const tooMany =
          standing('key-exchange', place).length > room * 0.75 || standing('cookie', place).length === 0;
        const least = failed.length > 0 ? failed : standing(tooMany ? 'key-exchange' : 'cookie', place);
        expect(most(least, 0).includes(victim)).toBe(true);
        const [wide] = addressBlocks(victim.peer.address);
        const within = least.filter(({ peer }) => addressBlocks(peer.address)[0] === wide);
        expect(most(within, 1).includes(victim)).toBe(true);
        const oldest = within.find((each) => isOf(each, victim.peer.address));
        expect(oldest === victim).toBe(true);
      }

      for (let step = 0; step < 600; step++) {
        const [chosen] = [...model.keys()].slice(random.pick(model.size + 1));
        const what = random.pick(10);
        if (what < 6) {
          // when one comes
          const peer = { address: addressFrom(random), port: step };
          for (let least = pending.inTheWayOf(peer); least; least = pending.inTheWayOf(peer)) {
            check(least, peer.address);
            pending.delete(least);
            model.delete(least);
          }
          const newcomer = pendingOf(peer, step);
          pending.add(newcomer);
          model.set(newcomer, 'cookie');
        } else if (chosen && what < 8 && model.get(chosen) === 'cookie') {
          pending.move(chosen, 'key-exchange');
          model.delete(chosen);
          model.set(chosen, 'key-exchange');
        } else if (chosen && what === 8) {
          pending.move(chosen, 'failed');
          if (model.get(chosen) !== 'failed') model.delete(chosen);
          model.set(chosen, 'failed');
        } else if (chosen && what === 9) {
          pending.delete(chosen);
          model.delete(chosen);
        }
        // then
        expect(pending.size).toBe(model.size);
        expect(pending.size).toBeLessThanOrEqual(limits.maxPendingHandshakes);
        expect(pending.underWay).toBe(model.size - standing('failed').length);
      }
    },
  );
});
