import type { AuthenticatedDevice } from '@rollcall/access';
import { seededRandom } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { createAssociations, type DeviceAssociation } from './associations.ts';

const principal = {
  device: { tenant: 'acme', device: 'thermostat-7' },
  authId: 'thermostat-7',
} as unknown as AuthenticatedDevice;

function anAssociation(): DeviceAssociation {
  return { principal } as unknown as DeviceAssociation;
}

describe('of the associations of one device', () => {
  test('an association that is silent since a newer one was made does not count as open', () => {
    const { opened, heard, closed, latest, of } = createAssociations();
    const [crashed, newer] = [anAssociation(), anAssociation()];
    opened(crashed);
    heard(crashed);
    opened(newer);
    expect(closed(newer)).toBe(true);
    expect(latest(principal)).toBeUndefined();
    // It is still open, and ends where the device loses its access.
    expect(of(principal)).toEqual([crashed]);
  });

  test('an association that is heard after a newer one was made counts as open', () => {
    const { opened, heard, closed, latest } = createAssociations();
    const [first, second] = [anAssociation(), anAssociation()];
    opened(first);
    opened(second);
    heard(first);
    expect(latest(principal)).toBe(first);
    expect(closed(second)).toBe(false);
    expect(closed(first)).toBe(true);
  });

  test('an association that was left behind counts again once it is heard', () => {
    const { opened, heard, closed, latest } = createAssociations();
    const [first, second] = [anAssociation(), anAssociation()];
    opened(first);
    opened(second);
    closed(second);
    heard(first);
    expect(latest(principal)).toBe(first);
  });

  test('closing an association that was left behind leaves the newer one as the latest', () => {
    const { opened, closed } = createAssociations();
    const [crashed, newer] = [anAssociation(), anAssociation()];
    opened(crashed);
    opened(newer);
    expect(closed(crashed)).toBe(false);
    expect(closed(newer)).toBe(true);
  });
});

test.each([1, 2, 3])(
  'whatever happens, those count that were heard since the newest was made (seed %i)',
  (seed) => {
    const random = seededRandom(seed);
    const { opened, heard, closed, latest, of } = createAssociations();
    /** When each was last heard; a handshake counts as well. */
    const heardAt = new Map<DeviceAssociation, number>();
    let newestAt = 0;
    for (let at = 1; at < 1_000; at++) {
      const any = [...heardAt.keys()][random.pick(Math.max(heardAt.size, 1))];
      const step = random.pick(3);
      if (step === 0 || any === undefined) {
        const made = anAssociation();
        newestAt = at;
        heardAt.set(made, at);
        opened(made);
      } else if (step === 1) {
        heardAt.set(any, at);
        heard(any);
      } else {
        heardAt.delete(any);
        const counting = [...heardAt.values()].filter((time) => time >= newestAt);
        expect(closed(any)).toBe(counting.length === 0);
      }
      const [newest] = [...heardAt].filter(([, time]) => time >= newestAt).toSorted(([, a], [, b]) => b - a);
      expect(latest(principal)).toBe(newest?.[0]);
      expect(new Set(of(principal))).toEqual(new Set(heardAt.keys()));
    }
  },
);
