import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { atTheEnd, clearUpAfterEach, everythingRuns, networkRuns } from './support/acts.ts';
import { scale } from './support/scale.ts';
import { speakingProtocols, type SpeakingProtocol } from './support/speaking-device.ts';
import { openUploadingDevice } from './support/uploading-device.ts';

clearUpAfterEach();

const devices = scale({ quick: 10, soak: 50 });
/** The network has so long to answer, whatever else this machine does. */
const environment = { ROLLCALL_MESSAGING_SENDMESSAGETIMEOUT: '5000' };

/** Devices upload all the while. @returns how often each outcome was told. */
async function standsStill(
  protocol: SpeakingProtocol,
  stallMs: number,
  on: Awaited<ReturnType<typeof networkRuns>>,
): Promise<ReadonlyMap<string, number>> {
  const { stage } = await everythingRuns({ devices, protocol, environment, on });
  const all = await Promise.all(
    Array.from({ length: devices }, (_, index) => openUploadingDevice(protocol, stage.port, index)),
  );
  atTheEnd(async () => {
    for (const device of all) await device.end();
  });

  const outcomes = new Map<string, number>();
  const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  const over = new AbortController();
  const uploads = all.map(async (device) => {
    for (let goesOn = true; goesOn && !over.signal.aborted;) {
      const outcome = await device.upload();
      count(`${protocol}: ${outcome}`);
      goesOn = outcome !== 'connection closed';
    }
  });
  const accepted = (): number => outcomes.get(`${protocol}: accepted`) ?? 0;
  await expect.poll(accepted, { timeout: 300_000 }).toBeGreaterThan(10 * devices);
  stage.adapter.freeze();
  await pause(stallMs);
  const before = accepted();
  stage.adapter.thaw();
  await expect.poll(accepted, { timeout: 300_000 }).toBeGreaterThan(before + 10 * devices);
  over.abort();
  await Promise.all(uploads);
  return outcomes;
}

test.each(scale({ quick: [8_000], soak: [6_000, 8_000, 20_000, 60_000] }))(
  'an adapter that stood still for %i ms refuses no upload that the network took meanwhile, over every protocol',
  async (stallMs) => {
    const network = await networkRuns();
    const told = await Promise.all(
      speakingProtocols.map((protocol) => standsStill(protocol, stallMs, network)),
    );
    const others = told
      .flatMap((outcomes) => Array.from(outcomes.keys()))
      // A CoAP device sends for so long, and then gives up.
      .filter((outcome) => !outcome.endsWith(': accepted') && outcome !== 'coap: no answer');
    expect(others).toEqual([]);
  },
);
