import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { atTheEnd, clearUpAfterEach } from './support/acts.ts';
import { eventuallyNone } from './support/eventually.ts';
import { distinct, keepRecord, type EventRecord } from './support/record.ts';
import { openSpeakingDevice, speakingProtocols, type SpeakingProtocol } from './support/speaking-device.ts';
import { deviceId, setStage, type Stage } from './support/stage.ts';
import { wallClockMovedMs } from './support/wall-clock.ts';

clearUpAfterEach();

const devices = 30;
const rounds = 20;

/** A device that was let in, as it knows. */
interface LetIn {
  readonly device: string;
  readonly at: number;
}

/** All devices come at once, and the adapter is killed in the midst of it. */
async function comeAndKill(
  protocol: SpeakingProtocol,
  stage: Stage,
  afterMs: number,
): Promise<readonly LetIn[]> {
  const letIn: LetIn[] = [];
  const coming = Array.from({ length: devices }, async (_, index) => {
    const device = await openSpeakingDevice(protocol, stage.port, index).catch(() => undefined);
    if (device === undefined) return;
    letIn.push({ device: deviceId(index), at: Date.now() });
    atTheEnd(() => device.end());
  });
  // Half of the time as soon as somebody was let in.
  while (letIn.length === 0) await pause(1);
  await pause(afterMs);
  await stage.adapter.end('SIGKILL');
  const known = [...letIn];
  await Promise.all(coming);
  await stage.adapter.start();
  return known;
}

/** Those of whom no connection is told that was open when they were let in. */
function missing({ events }: EventRecord, letIn: readonly LetIn[]): readonly string[] {
  const all = Map.groupBy(distinct(events), ({ device }): string => device.device);
  const movedMs = 3 + wallClockMovedMs();
  return letIn.flatMap(({ device, at }) => {
    const mine = all.get(device) ?? [];
    const ended = new Map(
      mine.flatMap((event) => (event.type === 'disconnected' ? [[event.connectionId, event.at]] : [])),
    );
    const isTold = mine.some(
      (event) =>
        event.type === 'connected' &&
        event.at <= at + movedMs &&
        (ended.get(event.connectionId) ?? Number.POSITIVE_INFINITY) >= at - movedMs,
    );
    return isTold ? [] : [`${device} was let in at ${at}, and nobody was told`];
  });
}

test.each(speakingProtocols)(
  'a device that was let in right before a kill -9 is reported (%s)',
  async (protocol) => {
    const stage = setStage({ protocol, devices });
    atTheEnd(() => stage.strike());
    await stage.network.start();
    const record = await keepRecord(stage.networkUrl);
    atTheEnd(() => record.close());
    await stage.adapter.start();
    const random = seededRandom(1);
    const letIn: LetIn[] = [];
    for (let round = 0; round < rounds; round++)
      letIn.push(...(await comeAndKill(protocol, stage, random.pick(2) * random.pick(50))));
    await eventuallyNone(() => missing(record, letIn), 60_000);
    // Whoever came first in each round, at least.
    expect(letIn.length).toBeGreaterThanOrEqual(rounds);
  },
);
