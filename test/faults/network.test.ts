import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { clearUpAfterEach, everythingRuns } from './support/acts.ts';
import { beginChurn } from './support/churn.ts';
import { eventuallyNone } from './support/eventually.ts';
import { scale } from './support/scale.ts';
import { differences } from './support/verdict.ts';

clearUpAfterEach();

const devices = 100;
const awayMs = scale({ quick: 4_000, soak: 600_000 });
/** What waits meanwhile has to be within the bound of the outbox: beyond it, whole connections are left out. */
const outageActionsPerSecond = 50;
const actionsPerSecond = scale({ quick: 40, soak: 200 });

test.each(['frozen', 'killed'] as const)(
  `while the network is away for ${awayMs / 1_000} s (%s) no device is refused, and afterwards no event is missing or out of order`,
  async (how) => {
    const { stage, record, fleet } = await everythingRuns({ devices });
    const churn = beginChurn({
      fleet,
      random: seededRandom(1),
      devices,
      actionsPerSecond: outageActionsPerSecond,
    });
    await pause(1_000);
    if (how === 'frozen') stage.network.freeze();
    else await stage.network.end('SIGKILL');
    await pause(awayMs);
    // A frozen network is noticed by what it does not confirm.
    await expect.poll(() => stage.readiness(), { timeout: 300_000 }).toMatchObject({ status: 'DEGRADED' });
    await expect
      .poll(() => stage.metric('rollcall_outbox_events'), { timeout: 300_000 })
      .toBeGreaterThan(100);
    if (how === 'frozen') stage.network.thaw();
    else await stage.network.start();
    await pause(1_000);
    await churn.stop();
    await eventuallyNone(() => differences(record, fleet));

    const outcomes = Map.groupBy(fleet.attempts, ({ outcome }) => outcome);
    expect(outcomes.has('unknown')).toBe(false);
    // Wrong passwords, if any were tried, and nothing else.
    const refused = outcomes.get('refused')?.map(({ device }) => device) ?? [];
    expect(refused.filter((device) => device !== 'device-0')).toEqual([]);
    // The connection for device data may take a while longer to be there again.
    await expect.poll(() => stage.readiness(), { timeout: 300_000 }).toMatchObject({ status: 'UP' });
    await expect.poll(() => stage.metric('rollcall_outbox_events'), { timeout: 300_000 }).toBe(0);
  },
);

test.each(scale({ quick: [1], soak: [1, 2, 3, 4, 5, 6, 7, 8] }))(
  'events stay true while adapter and network are killed at random five times and devices come and go (seed %i)',
  async (seed) => {
    const { stage, record, fleet } = await everythingRuns({ devices });
    const random = seededRandom(seed);
    const churn = beginChurn({ fleet, random, devices, actionsPerSecond });
    const victims = [
      'adapter',
      'network',
      random.next() < 0.5 ? 'adapter' : 'network',
      'network',
      'adapter',
    ] as const;
    for (const victim of victims) {
      await pause(500 + random.pick(1_500));
      // On a busy machine devices are slow to come. Without one of them nothing would be lost.
      await expect.poll(() => fleet.open().length, { timeout: 300_000 }).toBeGreaterThan(5);
      await stage[victim].end('SIGKILL');
      await pause(random.pick(1_000));
      await stage[victim].start();
    }
    await pause(500);
    const accepted = (): number => fleet.attempts.filter(({ outcome }) => outcome === 'accepted').length;
    await expect.poll(accepted, { timeout: 300_000 }).toBeGreaterThan(100);
    await churn.stop();
    await eventuallyNone(() => differences(record, fleet));
    expect(
      record.events.some((event) => event.type === 'disconnected' && event.reason === 'adapter-lost'),
    ).toBe(true);
  },
);
