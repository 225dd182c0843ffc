import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '@rollcall/conformance';
import { deviceRef } from '@rollcall/core';
import { expect, test } from 'vitest';
import { atTheEnd, clearUpAfterEach, everythingRuns } from './support/acts.ts';
import { createCoapFleet, type CoapDevice, type CoapFleet } from './support/coap-fleet.ts';
import { eventuallyNone } from './support/eventually.ts';
import { distinct, type EventRecord } from './support/record.ts';
import { scale } from './support/scale.ts';

clearUpAfterEach();

async function everythingRunsOverCoap(devices: number) {
  const { stage, record } = await everythingRuns({ devices: devices + 1, protocol: 'coap' });
  const fleet = createCoapFleet(stage.port);
  atTheEnd(() => fleet.end());
  return { stage, record, fleet };
}

/** A device that was heard is present until it says goodbye, whatever happened to the adapter meanwhile; no other device ever was. */
function differences({ events, table }: EventRecord, { devices }: CoapFleet): readonly string[] {
  const byDevice = Map.groupBy(distinct(events), ({ device }): string => device.device);
  const problems: string[] = [];
  for (const { id, heard, left } of devices) {
    const got = byDevice.get(id) ?? [];
    byDevice.delete(id);
    const causes = got.map((event) => (event.type === 'connected' ? 'connected' : event.reason));
    const expected = heard ? ['connected', ...(left ? ['client-closed'] : [])] : [];
    if (causes.join() !== expected.join())
      problems.push(`${id}: ${causes.join()} instead of ${expected.join()}`);
    if (new Set(got.map(({ connectionId }) => connectionId)).size > 1)
      problems.push(`${id}: two connections`);
    const { status } = table.get(deviceRef('acme', id));
    if (heard && status !== (left ? 'offline' : 'online')) problems.push(`${id}: the table says ${status}`);
  }
  for (const id of byDevice.keys()) problems.push(`${id}: events, and it was never there`);
  return problems;
}

const held = scale({ quick: 40, soak: 2_000 });
const betweenActsMs = scale({ quick: 50, soak: 20 });
/** On a busy machine, more handshakes than can be done in time would all begin again and again. */
const mostAtATime = 30;

test(`after kill -9 of the adapter while the network is away, each of ${held} leases goes on under its connection without an event`, async () => {
  const { stage, record, fleet } = await everythingRunsOverCoap(held);
  await atATime(held, () => fleet.appear());
  fleet.intrude();
  await eventuallyNone(() => differences(record, fleet));
  const granted = distinct(record.events).length;

  await stage.network.end('SIGKILL');
  await stage.adapter.end('SIGKILL');
  await stage.adapter.start();
  await everyone(fleet.devices, (device) => fleet.report(device));
  await stage.network.start();
  await eventuallyNone(() => differences(record, fleet));
  expect(distinct(record.events)).toHaveLength(granted);

  // All of them say goodbye within a second.
  await everyone(fleet.devices, (device) => fleet.leave(device));
  await eventuallyNone(() => differences(record, fleet));
  expect(distinct(record.events)).toHaveLength(2 * granted);
});

test.each(scale({ quick: [1], soak: [1, 2, 3, 4, 5, 6, 7, 8] }))(
  'events stay true while adapter and network are killed at random five times and CoAP devices come and go (seed %i)',
  async (seed) => {
    const most = 1_000;
    const { stage, record, fleet } = await everythingRunsOverCoap(most);
    const random = seededRandom(seed);
    const busy = new Set<CoapDevice>();
    const going = new Set<Promise<void>>();
    let stopped = false;

    async function act(): Promise<void> {
      const idle = fleet.devices.filter((device) => device.heard && !device.left && !busy.has(device));
      const device = idle[random.pick(idle.length)];
      if (random.pick(20) === 0) fleet.intrude();
      if (!device || (random.next() < 0.5 && fleet.devices.length < most)) {
        await fleet.appear();
        return;
      }
      busy.add(device);
      await (random.next() < 0.7 ? fleet.leave(device) : fleet.report(device));
      busy.delete(device);
    }
    function begin(): void {
      const acting = act();
      going.add(acting);
      // What fails stays, and is thrown below.
      acting.then(
        () => going.delete(acting),
        () => {},
      );
    }
    const churn = (async () => {
      for (;;) {
        if (stopped) return;
        if (going.size < mostAtATime) begin();
        await pause(betweenActsMs);
      }
    })();

    const gone = (): number => fleet.devices.filter(({ left }) => left).length;
    const present = (): number => fleet.devices.filter(({ heard, left }) => heard && !left).length;
    try {
      for (const victim of ['adapter', 'network', 'adapter', 'network', 'adapter'] as const) {
        await pause(300 + random.pick(1_000));
        await stage[victim].end('SIGKILL');
        await pause(random.pick(500));
        await stage[victim].start();
      }
      await pause(500);
      // On a busy machine they are slow to come and go.
      await expect.poll(() => Math.min(gone(), present()), { timeout: 300_000 }).toBeGreaterThan(20);
    } finally {
      stopped = true;
      await churn;
    }
    await Promise.all(going);
    await eventuallyNone(() => differences(record, fleet));
    expect(gone()).toBeGreaterThan(20);
  },
);

/** Handshakes take turns: a storm is another test. */
async function atATime(count: number, begin: () => Promise<unknown>): Promise<void> {
  let begun = 0;
  const some = async (): Promise<void> => {
    while (begun++ < count) await begin();
  };
  await Promise.all(Array.from({ length: 20 }, some));
}

async function everyone(
  devices: readonly CoapDevice[],
  act: (device: CoapDevice) => Promise<void>,
): Promise<void> {
  await Promise.all(devices.map((device) => act(device)));
}
