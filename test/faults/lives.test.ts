import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '@rollcall/conformance';
import { deviceRef } from '@rollcall/core';
import { expect, test } from 'vitest';
import { atTheEnd, clearUpAfterEach } from './support/acts.ts';
import { crowding } from './support/crowding.ts';
import { eventuallyNone } from './support/eventually.ts';
import { openAccessDesk } from './support/lives/access-desk.ts';
import { causeFaults, type Fault } from './support/lives/faults-of-lives.ts';
import { isLossUntold, journalWasLost, judge, type Tolerance, type Verdict } from './support/lives/judge.ts';
import { liveLeases } from './support/lives/lease-device.ts';
import type { Life } from './support/lives/life.ts';
import { intrude, liveSessions } from './support/lives/session-device.ts';
import { watchTable } from './support/lives/watch-table.ts';
import { distinct, keepRecord } from './support/record.ts';
import { scale } from './support/scale.ts';
import { speakingProtocols, type SpeakingProtocol } from './support/speaking-device.ts';
import { registryOf, setStage, type Stage } from './support/stage.ts';
import { wallClockMovedMs } from './support/wall-clock.ts';

clearUpAfterEach();

const registered = 100;
const devicesEach = scale({ quick: 3, soak: 8 });
const livesMs = scale({ quick: 5_000, soak: 45_000 });
/** One seed again: ROLLCALL_LIVES_SEED=7 ROLLCALL_LIVES_SEEDS=1. */
const firstSeed = Number(process.env['ROLLCALL_LIVES_SEED'] ?? 1);
const seeds = Array.from(
  { length: Number(process.env['ROLLCALL_LIVES_SEEDS'] ?? scale({ quick: 1, soak: 20 })) },
  (_, index) => firstSeed + index,
);
/**
 * A busy machine is late, and that is no fault of an adapter: `npm test` asks for order and reasons alone, and the soak for less
 * where more wants to run than there are cores: 1.2 s at most, since no true time was ever missed by half of that.
 */
function tolerance(): Tolerance {
  const clockMs = 3 + wallClockMovedMs();
  return { lateMs: scale({ quick: 60_000, soak: 400 * crowding() }) + clockMs, clockMs };
}

/** Adapters ask for a network that is away every second at least. By default it is 7 s, and nothing could be judged meanwhile. */
const reconnecting = { ROLLCALL_MESSAGING_RECONNECTMAXDELAY: '1000' };

/** Silence is noticed after 3 s, over every protocol. */
const environments: Readonly<Record<SpeakingProtocol, Record<string, string>>> = {
  mqtt: {},
  amqp: { ROLLCALL_AMQP_IDLETIMEOUT: '3000' },
  template: { ROLLCALL_TEMPLATE_IDLELIMIT: '3000' },
  // A device that waits for a command of a second is not away sooner.
  http: { ROLLCALL_LEASE_INTERVAL: '3000', ROLLCALL_LEASE_TTDGRACE: '2000' },
  coap: { ROLLCALL_LEASE_INTERVAL: '3000' },
};

async function setStages(): Promise<ReadonlyMap<SpeakingProtocol, Stage>> {
  const stages = new Map<SpeakingProtocol, Stage>();
  for (const protocol of speakingProtocols) {
    const [first] = stages.values();
    const stage = setStage({
      protocol,
      devices: registered,
      environment: { ...reconnecting, ...environments[protocol] },
      ...(first && { networkPort: Number(new URL(first.networkUrl).port) }),
    });
    atTheEnd(() => stage.strike());
    stages.set(protocol, stage);
  }
  return stages;
}

/** The lives of one seed; everything is over, and told, when it resolves. */
async function liveAll(seed: number) {
  const stages = await setStages();
  const [first] = stages.values();
  if (!first) throw new Error('no stage');
  await first.network.start();
  const record = await keepRecord(first.networkUrl);
  atTheEnd(() => record.close());
  await Promise.all([...stages.values()].map(({ adapter }) => adapter.start()));

  const lives: Life[] = [];
  const faults: Fault[] = [];
  let isOver = false;
  const over = (): boolean => isOver;
  atTheEnd(() => void (isOver = true));
  const countOf = (device: string, type: 'connected' | 'disconnected'): number =>
    distinct(record.events).filter((event) => event.type === type && event.device.device === device).length;
  const endingsOf = (device: string): number => countOf(device, 'disconnected');
  const isToldOpen = (device: string): boolean => countOf(device, 'connected') > endingsOf(device);
  const patienceMs = (): number => scale({ quick: 120_000, soak: 4 * tolerance().lateMs });
  const watch = watchTable(record, lives, faults, patienceMs);
  atTheEnd(() => watch.stop());
  const going = [...stages].flatMap(([protocol, { port, registry }], place) => {
    const access = openAccessDesk(registry, registryOf(registered));
    atTheEnd(() => access.stop());
    const disturbed = (since: number): boolean =>
      faults.some(({ of, to }) => (of === protocol || of === 'network') && to > since - 1_000);
    const wasEnded = (since: number): boolean =>
      faults.some(({ of, kind, to }) => of === protocol && kind !== 'freeze' && to > since - 1_000);
    return Array.from({ length: devicesEach }, (_, number) => {
      const index = place * 20 + number;
      const options = {
        port,
        index,
        random: seededRandom(seed * 1_000 + index),
        lives,
        access,
        disturbed,
        over,
      };
      if (protocol === 'http' || protocol === 'coap')
        return liveLeases(protocol, { ...options, endingsOf, isToldOpen, wasEnded });
      return number === 0 ? intrude(protocol, options) : liveSessions(protocol, options);
    });
  });
  going.push(
    causeFaults({
      stages,
      network: first.network,
      random: seededRandom(seed),
      faults,
      over,
      freezeMs: { least: 1_000, most: scale({ quick: 1_500, soak: 8_000 }) },
      pauseMs: scale({ quick: 500, soak: 1_500 }),
    }),
  );
  await pause(livesMs);
  isOver = true;
  await Promise.all(going);
  const late = tolerance();
  const verdictsNow = (): readonly Verdict[] => judge(lives, record.events, faults, late);
  // What is false for ever is found below.
  await eventuallyNone(() => [...verdictsNow().flatMap(({ problems }) => problems), ...notOffline()]).catch(
    () => {},
  );
  // Nothing may come behind it.
  await pause(scale({ quick: 200, soak: 2_000 }));
  watch.stop();
  return { verdicts: verdictsNow(), problems: [...watch.problems, ...notOffline()], watch, faults };

  function notOffline(): readonly string[] {
    const accepted = lives.filter(({ outcome }) => outcome === 'accepted');
    return [...Map.groupBy(accepted, ({ device }) => device)].flatMap(([device, [life]]) => {
      const { status } = record.table.get(deviceRef('acme', device));
      const forgotten = lives.some((each) => each.device === device && journalWasLost(each, { faults }));
      const untold = life !== undefined && isLossUntold(life, { faults, events: record.events });
      return status === 'offline' || (forgotten && (status === 'unknown' || untold))
        ? []
        : [`${device} left, and the table says ${status}`];
    });
  }
}

/** By category: how many lives there were, and of how many all was right. */
function summary(verdicts: readonly Verdict[]): string {
  return [...Map.groupBy(verdicts, ({ category }) => category)]
    .toSorted(([one], [other]) => one.localeCompare(other))
    .map(
      ([category, all]) =>
        `${category}: ${all.filter(({ problems }) => problems.length === 0).length} of ${all.length}`,
    )
    .join('\n');
}

test.each(seeds)(
  'the events of scripted devices are true, whatever happens to adapters and network (seed %i)',
  async (seed) => {
    const { verdicts, problems: ofTable, watch, faults } = await liveAll(seed);
    const problems = [...verdicts.flatMap((verdict) => verdict.problems), ...ofTable];
    if (problems.length > 0 || process.env['ROLLCALL_FAULTS'] === 'soak')
      console.log(
        `seed ${seed}\n${summary(verdicts)}\ntable: ${watch.samples} looks\n${JSON.stringify(faults)}\n${problems.join('\n')}`,
      );
    expect(problems).toEqual([]);
    expect(verdicts.length).toBeGreaterThan(devicesEach);
  },
);
