import { setTimeout as pause } from 'node:timers/promises';
import type { ReceivedEvent } from '@rollcall/hono-wire';
import { expect, test } from 'vitest';
import { atTheEnd, clearUpAfterEach, everythingRuns, networkRuns } from './support/acts.ts';
import { eventuallyNone } from './support/eventually.ts';
import { distinct, type EventRecord } from './support/record.ts';
import { scale } from './support/scale.ts';
import { wallClockMovedMs } from './support/wall-clock.ts';
import {
  openSpeakingDevice,
  speakingProtocols,
  type SpeakingDevice,
  type SpeakingProtocol,
} from './support/speaking-device.ts';

clearUpAfterEach();

const devices = scale({ quick: 5, soak: 50 });
/** After which silence is noticed, over every protocol. */
const silenceMs = 3_000;
const environments: Readonly<Record<SpeakingProtocol, Record<string, string>>> = {
  mqtt: {},
  amqp: { ROLLCALL_AMQP_IDLETIMEOUT: String(silenceMs) },
  template: { ROLLCALL_TEMPLATE_IDLELIMIT: String(silenceMs) },
  http: { ROLLCALL_LEASE_INTERVAL: String(silenceMs) },
  coap: { ROLLCALL_LEASE_INTERVAL: String(silenceMs) },
};

/** Lets devices speak twice a second, and measures whether they do. */
function letTalk() {
  const talking = new Set<SpeakingDevice>();
  let spokeAt = performance.now();
  let longestSilenceMs = 0;
  const timer = setInterval(() => {
    longestSilenceMs = Math.max(longestSilenceMs, performance.now() - spokeAt);
    spokeAt = performance.now();
    for (const device of talking) device.speak();
  }, 500);
  const end = (): void => clearInterval(timer);
  atTheEnd(end);
  return { devices: talking, longestSilenceMs: () => longestSilenceMs, end };
}

type Ending = Extract<ReceivedEvent, { type: 'disconnected' }>;

/** As told by one adapter: each has devices with these names. */
function endingsOf(adapterId: string, { events }: EventRecord, { id }: SpeakingDevice) {
  return distinct(events).filter(
    (event): event is Ending =>
      event.type === 'disconnected' && event.adapter.id === adapterId && event.device.device === id,
  );
}

/** What an ending says wrong of a device that spoke for the last time while the adapter stood still. */
function untruths(
  { at, lastSeen, uncertaintyMs, reason }: Ending,
  { lastSpokeAt }: SpeakingDevice,
): readonly string[] {
  const from = at - uncertaintyMs;
  const movedMs = wallClockMovedMs();
  return [
    ...(['keepalive-timeout', 'inactive'].includes(reason) ? [] : [`it ended as ${reason}`]),
    ...(from - 2 - movedMs <= lastSpokeAt && lastSpokeAt < at + movedMs
      ? []
      : [`it spoke at ${lastSpokeAt}, and left in [${from}, ${at}], last seen ${lastSeen}, as is told`]),
  ];
}

let adapters = 0;

/** An adapter stands still while some devices go on speaking and the others go. The result says what was told wrong. */
async function standsStill(
  protocol: SpeakingProtocol,
  stallMs: number,
  on: Awaited<ReturnType<typeof networkRuns>>,
): Promise<readonly string[]> {
  const adapterId = `${protocol}-${(adapters += 1)}`;
  const { stage, record, end } = await everythingRuns({
    devices: 2 * devices,
    protocol,
    on,
    environment: { ...environments[protocol], ROLLCALL_ADAPTER_ID: adapterId },
  });
  const talk = letTalk();
  const open = async (index: number): Promise<SpeakingDevice> => {
    const device = await openSpeakingDevice(protocol, stage.port, index);
    talk.devices.add(device);
    return device;
  };
  const all = await Promise.all(Array.from({ length: 2 * devices }, (_, index) => open(index)));
  const [speaking, silent] = [all.slice(0, devices), all.slice(devices)];
  const endDevices = (): void => {
    for (const device of all.splice(0)) device.end();
  };
  atTheEnd(endDevices);
  // What one try leaves running would make the next one slower still.
  const tryAgain = async (): Promise<readonly string[]> => {
    talk.end();
    endDevices();
    await end();
    return standsStill(protocol, stallMs, on);
  };

  // The others say their last while the adapter stands still.
  stage.adapter.freeze();
  for (const device of silent) talk.devices.delete(device);
  await pause(500);
  for (const device of silent) device.speak();
  await pause(stallMs - 500);
  stage.adapter.thaw();
  // On a busy machine the devices themselves may have been silent for too long: nothing can be said of the adapter then.
  if (talk.longestSilenceMs() > silenceMs / 2) return tryAgain();

  await eventuallyNone(() =>
    silent
      .filter((device) => endingsOf(adapterId, record, device).length === 0)
      .map(({ id }) => `${protocol} ${id} is gone, and nothing says so`),
  );
  if (talk.longestSilenceMs() > silenceMs / 2) return tryAgain();
  const told = (device: SpeakingDevice, wrong: readonly string[]): readonly string[] =>
    wrong.map((problem) => `${protocol} ${device.id}: ${problem}`);
  return [
    ...silent.flatMap((device) => {
      const [ending, ...more] = endingsOf(adapterId, record, device);
      return told(device, [...(ending ? untruths(ending, device) : []), ...more.map(() => 'it ended twice')]);
    }),
    ...speaking.flatMap((device) =>
      told(
        device,
        endingsOf(adapterId, record, device).map(({ reason }) => `it spoke, and ended as ${reason}`),
      ),
    ),
  ];
}

test.each(scale({ quick: [8_000], soak: [1_000, 2_000, 5_000, 15_000, 60_000] }))(
  'after an adapter stood still for %i ms, devices that sent meanwhile stay and silent ones are reported, over every protocol',
  async (stallMs) => {
    const network = await networkRuns();
    const wrong = await Promise.all(
      speakingProtocols.map((protocol) => standsStill(protocol, stallMs, network)),
    );
    expect(wrong.flat()).toEqual([]);
  },
);
