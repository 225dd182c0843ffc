import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import { atTheEnd } from '../../faults/support/acts.ts';
import { crowding } from '../../faults/support/crowding.ts';
import { eventuallyNone } from '../../faults/support/eventually.ts';
import { scale } from '../../faults/support/scale.ts';
import { fleetOnStage, type FleetOnStage, type FleetOnStageOptions } from './fleet-stage.ts';
import { endings, untruths } from './fleet-truth.ts';
import { untrueTimes } from './true-times.ts';
import { RoamingDevices, type RoamingProtocol } from './roaming-devices.ts';

export const few = scale({ quick: 60, soak: 300 });
export const many = scale({ quick: 200, soak: 1_000 });
export const deadAfterMs = scale({ quick: 5_000, soak: 10_000 });
export const rounds = Number(process.env['ROLLCALL_FLEET_ROUNDS'] ?? scale({ quick: 1, soak: 20 }));
export const patienceMs = 240_000;
/** Within which the events are right again after the engine is back. */
export const restoredWithinMs = 5_000;
/** Within which so many connections of a dead adapter have their ending. */
export const lostWithinMs = (count: number): number => deadAfterMs + 5_000 + count;

/** A row over one protocol in CI, over both in the soak. */
export const over = (quick: RoamingProtocol): readonly RoamingProtocol[] =>
  scale({ quick: [quick], soak: ['mqtt', 'amqp'] as const });

export const figures: string[] = [];

export const from = (first: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => first + index);

export interface Play extends FleetOnStage {
  readonly devices: RoamingDevices;
  /** Devices of these numbers connect to one member. All of them must be let in. */
  arrive(numbers: readonly number[], member: number): Promise<void>;
  /** Whoever lost its socket connects again, there. */
  comeBack(member: number): Promise<void>;
  /** Waits until the record tells the truth of all sockets, and so many connections have ended for each reason. */
  isTrue(ended?: Readonly<Record<string, number>>): Promise<true>;
  /** Waits until the directory knows all that is open: what it was not told before an adapter dies, that adapter alone can tell. */
  isKnown(): Promise<void>;
  /** Waits until so many have ended for this reason. */
  ended(reason: string, count: number): Promise<void>;
  figure(text: string): void;
  /** Notes how long something took. The soak holds it against the table of faults, as far as the machine is not too busy. */
  took(what: string, sinceMs: number, mostMs: number): void;
}

export async function play(
  options: Partial<FleetOnStageOptions> & { protocol: RoamingProtocol },
): Promise<Play> {
  const fleet = await fleetOnStage({ members: 2, devices: many, deadAfterMs, ...options });
  const devices = new RoamingDevices(options.protocol);
  atTheEnd(() => devices.end());
  const portOf = (member: number): number => {
    const found = fleet.members[member];
    if (!found) throw new Error(`there is no member ${member}`);
    return found.stage.port;
  };
  const figure = (text: string): void =>
    void figures.push(`${expect.getState().currentTestName?.split(' > ').at(-1)}: ${text}`);
  const arrive = async (numbers: readonly number[], member: number): Promise<void> => {
    const visits = await devices.connect(numbers, portOf(member));
    const refused = visits.filter(({ answer }) => answer !== 'accepted');
    expect(refused.map(({ device, answer, words }) => `${device}: ${answer}: ${words}`)).toEqual([]);
    const waits = visits
      .map(({ askedAt, answeredAt = askedAt }) => answeredAt - askedAt)
      .toSorted((a, b) => a - b);
    const at = (share: number): string => (waits[Math.floor((waits.length - 1) * share)] ?? 0).toFixed(0);
    figure(
      `${waits.length} let in, each after ${at(0.5)} ms (median), ${at(0.99)} ms (p99), ${at(1)} ms (longest)`,
    );
  };
  return {
    ...fleet,
    devices,
    arrive,
    comeBack: (member) => arrive(devices.lost(), member),
    isKnown: () =>
      eventuallyNone(async () => {
        const untold = await Promise.all(
          fleet.members.map(async ({ stage }) =>
            (await stage.readiness()).checks.filter(
              ({ name, status }) => name === 'fleet' && status !== 'UP',
            ),
          ),
        );
        return untold.flat().map(({ status }) => `an adapter is ${status}`);
      }, patienceMs),
    isTrue: (expected) =>
      eventuallyNone(() => {
        const got = endings(fleet.record);
        const differs = expected !== undefined && !isDeepStrictEqual(got, expected);
        return [
          ...(differs ? [`ended: ${JSON.stringify(got)}, instead of ${JSON.stringify(expected)}`] : []),
          ...untruths(fleet.record, devices),
          // Where each adapter has a clock of its own, times say nothing.
          ...(options.clockOffsetsMs ? [] : untrueTimes(fleet.record, devices, fleet.members)),
        ];
      }, patienceMs).then(() => true as const),
    ended: (reason, count) =>
      eventuallyNone(() => {
        const got = endings(fleet.record)[reason] ?? 0;
        return got === count ? [] : [`${got} ended as ${reason}, and ${count} should have`];
      }, patienceMs),
    figure,
    took(what, sinceMs, mostMs) {
      const tookMs = performance.now() - sinceMs;
      figure(`${what}: ${(tookMs / 1_000).toFixed(1)} s`);
      if (process.env['ROLLCALL_FAULTS'] === 'soak') expect(tookMs, what).toBeLessThan(mostMs * crowding());
    },
  };
}
