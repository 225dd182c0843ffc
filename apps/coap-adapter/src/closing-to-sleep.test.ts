import { track } from '@rollcall/presence';
import type { LeaseTerms, Rhythm } from '@rollcall/presence/leases';
import { ManualClock, seededRandom } from '@rollcall/conformance';
import { later } from '@rollcall/core/environment';
import type { Change, ConnectionTracker } from '@rollcall/core/tracker';
import { describe, expect, test } from 'vitest';
import { coapLease, coapTracker, type CoapSignal, type CoapState } from './tracker.ts';

const second = 1_000;
const minute = 60_000;
const hour = 60 * minute;
const terms: LeaseTerms = {
  defaultMs: 10 * minute,
  minLearnedMs: 30_000,
  maxLearnedMs: 24 * hour,
  ttdGraceMs: 10_000,
};

/** A device that closes its association after each upload. */
function givenADevice(tracker: ConnectionTracker<CoapState, CoapSignal> = coapTracker) {
  const clock = new ManualClock();
  const changes: Change[] = [];
  let rhythm: Rhythm = {};
  const watched: typeof tracker = {
    ...tracker,
    reduce(state, signal, at) {
      const step = tracker.reduce(state, signal, at);
      rhythm = step.state.phase === 'absent' ? step.state.rhythm : step.state.lease.rhythm;
      return step;
    },
  };
  const { report, presence } = track(watched, clock, (change) => changes.push(change));
  const request = (facts: LeaseTerms = terms): void => {
    report({ type: 'request', terms: facts });
    clock.advance(5);
    report({ type: 'answered' });
  };
  const close = (): void => {
    clock.advance(5);
    report({ type: 'association-closed', last: true });
  };
  return {
    clock,
    report,
    request,
    close,
    upload(facts?: LeaseTerms) {
      request(facts);
      close();
    },
    /** The events since the last call. */
    told: () =>
      changes.splice(0).map((each) => (each.type === 'connected' ? `connected ${from(each)}` : each.reason)),
    interval: () => {
      const basis = presence()?.lease?.basis;
      return basis && `${basis.from} ${basis.intervalMs / minute} min`;
    },
    rhythm: () => rhythm,
  };
}

function from({ basis }: Change): string {
  return basis.kind === 'lease' ? basis.from : basis.kind;
}

type Device = ReturnType<typeof givenADevice>;

/** Two returns in time: from here on it is known. */
function learnedAs(device: Device, everyMs = 5 * minute): void {
  for (const _ of [1, 2]) {
    device.upload();
    device.clock.advance(everyMs);
  }
  device.upload();
  device.told();
}

describe('a device that closes its association and comes back', () => {
  test('a device that closes and returns twice within the default interval stays present from then on', () => {
    const device = givenADevice();
    device.upload();
    device.clock.advance(5 * minute);
    device.upload();
    device.clock.advance(5 * minute);
    expect(device.told()).toEqual([
      'connected default',
      'client-closed',
      'connected default',
      'client-closed',
    ]);
    device.upload();
    device.clock.advance(5 * minute);
    device.upload();
    expect(device.told()).toEqual(['connected learned']);
    expect(device.interval()).toMatch(/^learned /);
  });

  test('one return is not enough, and a return after the default interval does not count', () => {
    const device = givenADevice();
    device.upload();
    device.clock.advance(5 * minute);
    for (const _ of [1, 2, 3]) {
      device.upload();
      device.clock.advance(10 * minute + second);
    }
    expect(device.told()).toEqual(
      Array.from({ length: 4 }, () => ['connected default', 'client-closed']).flat(),
    );
  });

  test('a return after a goodbye, or after the lease ran out, does not count', () => {
    const device = givenADevice();
    for (const _ of [1, 2, 3]) {
      device.request();
      device.report({ type: 'goodbye' });
      device.close();
      device.clock.advance(minute);
    }
    device.told();
    device.upload();
    expect(device.told()).toEqual(['connected default', 'client-closed']);
  });

  test('a handshake without a request is no return', () => {
    const device = givenADevice();
    device.upload();
    for (const _ of [1, 2, 3]) {
      device.report({ type: 'heard' });
      device.close();
    }
    device.told();
    device.clock.advance(minute);
    device.upload();
    expect(device.told()).toEqual(['connected default', 'client-closed']);
  });

  test('a return within the same burst gives no rhythm, and the lease holds for the default interval', () => {
    const device = givenADevice();
    for (const _ of [1, 2, 3]) {
      device.upload();
      device.clock.advance(second);
    }
    device.told();
    expect(device.interval()).toBe('default 10 min');
    device.clock.advance(5 * minute);
    device.upload();
    expect(device.interval()).toMatch(/^learned /);
    expect(device.told()).toEqual([]);
  });
});

describe('once it is known that it closes to sleep', () => {
  test('a goodbye ends the lease of a device that closes to sleep, and its habit stays known', () => {
    const device = givenADevice();
    learnedAs(device);
    device.request();
    device.report({ type: 'goodbye' });
    device.close();
    expect(device.told()).toEqual(['client-closed']);
    device.clock.advance(minute);
    device.upload();
    device.clock.advance(minute);
    device.upload();
    expect(device.told()).toEqual(['connected learned']);
  });

  test('a lease kept in vain ends as inactive, and after two of them closing ends the lease again', () => {
    const device = givenADevice();
    learnedAs(device);
    device.clock.advance(24 * hour);
    expect(device.told()).toEqual(['inactive']);
    device.upload();
    expect(device.told()).toEqual(['connected learned']);
    device.clock.advance(72 * hour);
    expect(device.told()).toEqual(['inactive']);
    device.upload();
    expect(device.told().at(-1)).toBe('client-closed');
    // It has to come back twice again.
    device.clock.advance(minute);
    device.upload();
    device.clock.advance(minute);
    expect(device.told().at(-1)).toBe('client-closed');
    device.upload();
    expect(device.told()).toHaveLength(1);
  });

  test('a lease that runs out while the association is open teaches nothing about closing', () => {
    const device = givenADevice();
    learnedAs(device);
    for (const _ of [1, 2, 3]) {
      device.request();
      device.clock.advance(2_400 * hour);
      device.told();
    }
    device.upload();
    expect(device.told()).toEqual(['connected learned']);
  });

  test('what was learned survives a restart, and a restored lease counts as kept for a sleeping device', () => {
    const before = givenADevice();
    learnedAs(before);
    const { latest: _, leftAt: _left, ...kept } = before.rhythm();
    const absent = givenADevice({ ...coapTracker, initial: { phase: 'absent', rhythm: kept } });
    absent.upload();
    expect(absent.told()).toEqual(['connected learned']);

    const { clock } = givenADevice();
    const now = clock.monotonic();
    const basis = { kind: 'lease', intervalMs: minute, from: 'learned', detectWithinMs: minute } as const;
    const until = later(now, minute);
    const lease = coapLease.restore({ basis, lastSeen: now, until, openRequests: 0, rhythm: kept });
    const restored = givenADevice({ ...coapTracker, initial: lease });
    restored.report({ type: 'deadline' });
    restored.clock.advance(hour);
    expect(restored.told()).toEqual(['inactive']);
    expect(restored.rhythm().closing).toEqual({ returns: 2, ranOut: 1 });
  });
});

describe('whatever its rhythm', () => {
  const seeds = Array.from({ length: 50 }, (_, seed) => seed + 1);

  test.each([7 * second, minute, 5 * minute, 8 * minute])(
    'a device that sleeps for %i ms, give or take a fifth, never flaps once it is known',
    (everyMs) => {
      for (const seed of seeds) {
        const random = seededRandom(seed);
        const device = givenADevice();
        const sleep = (): void => device.clock.advance(Math.round(everyMs * (0.8 + 0.4 * random.next())));
        for (const _ of [1, 2]) {
          device.upload();
          sleep();
        }
        expect(device.told().filter((each) => each === 'client-closed')).toHaveLength(2);
        for (let uploads = 0; uploads < 300; uploads++) {
          device.upload();
          sleep();
        }
        expect(device.told(), `seed ${seed}`).toEqual(['connected learned']);
      }
    },
  );

  test('a device that sends ten messages half a second apart, each on its own association, never flaps once it is known', () => {
    const device = givenADevice();
    for (let bursts = 0; bursts < 100; bursts++) {
      if (bursts === 1) device.told();
      for (let messages = 0; messages < 10; messages++) {
        device.upload();
        device.clock.advance(500);
      }
      device.clock.advance(9 * minute);
    }
    expect(device.told()).toEqual([]);
  });

  test('a device that slows down from 1 to 10 minutes flaps at most twice', () => {
    for (const seed of seeds) {
      const random = seededRandom(seed);
      const device = givenADevice();
      for (let uploads = 0; uploads < 200; uploads++) {
        if (uploads === 100) device.told();
        device.upload();
        device.clock.advance((uploads < 100 ? minute : 10 * minute) * (0.8 + 0.4 * random.next()));
      }
      const flaps = device.told().filter((each) => !each.startsWith('connected'));
      expect(flaps.length, `seed ${seed}`).toBeLessThanOrEqual(2);
    }
  });

  test('connected and disconnected alternate, and a device without two returns is gone when it closes', () => {
    for (const seed of seeds) {
      const random = seededRandom(seed);
      const device = givenADevice();
      let isPresent = false;
      for (let steps = 0; steps < 200; steps++) {
        const acts = [
          () => device.request(),
          device.close,
          () => device.report({ type: 'goodbye' }),
          () => device.report({ type: 'heard' }),
          () => device.clock.advance(random.pick(20) * minute),
          () => device.clock.advance(random.pick(10) * second),
          () => device.report({ type: 'paused' }),
          () => device.report({ type: 'resumed' }),
        ];
        const known = (device.rhythm().closing?.returns ?? 0) >= 2;
        const act = random.pick(acts.length);
        acts[act]?.();
        for (const each of device.told()) {
          expect(each.startsWith('connected'), `seed ${seed}, step ${steps}`).toBe(!isPresent);
          isPresent = !isPresent;
        }
        if (act === 2 || (act === 1 && !known)) expect(isPresent, `seed ${seed}, step ${steps}`).toBe(false);
        if (act === 1 && known && isPresent) expect(device.interval()).toBeDefined();
      }
    }
  });
});
