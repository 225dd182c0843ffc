import { ManualClock, type RecordingSink } from '@rollcall/conformance';
import { MemoryFleet } from '@rollcall/conformance/fleet';
import type { ConnectionEvent } from '@rollcall/core/events';
import { startLeases, type LeasesInTest } from './start-leases.ts';

// Leases in a fleet: one for a device, whichever adapter its requests come to. Without requests a lease lasts for a minute.
export const minute = 60_000;

export const deadAfterMs = 10_000;

export let clock: ManualClock;

export let fleet: MemoryFleet;

export let members: LeasesInTest[];

let seed: number;

type LeasesSetting = NonNullable<Parameters<typeof startLeases>[0]>;

export async function join(adapterId: string, setting: LeasesSetting = {}): Promise<LeasesInTest> {
  const member = await startLeases({
    clock,
    directory: fleet.create,
    undertaker: fleet.createUndertaker,
    seed: (seed += 1),
    ...setting,
    settings: { adapterId, ...setting.settings },
  });
  members.push(member);
  return member;
}

/** Time passes meanwhile. */
export async function stop(member: LeasesInTest): Promise<void> {
  const stopped = member.running.stop({ graceMs: 0 });
  await clock.advanceAsync(100);
  await stopped;
}

/** What consumers get, in order; `~`: an announcement. */
export const inWords = ({ attempts }: RecordingSink): string[] =>
  attempts.map(({ event, announcement }) => {
    if (event.type === 'disconnected') return `-${event.reason}`;
    return announcement === true ? '~' : '+';
  });

export const idOf = (event: ConnectionEvent | undefined) => event?.connectionId;

export const idsIn = (...of: readonly LeasesInTest[]) =>
  new Set(of.flatMap(({ sink }) => sink.events.map(({ connectionId }) => connectionId)));

/** Connections that consumers of all adapters take for open. */
export function openIn(...of: readonly LeasesInTest[]): number {
  const events = of.flatMap(({ sink }) => sink.events);
  const ended = new Set(events.flatMap((event) => (event.type === 'disconnected' ? [idOf(event)] : [])));
  return new Set(events.map(idOf).filter((id) => !ended.has(id))).size;
}

export async function hear(member: LeasesInTest, everyMs = 20_000, times = 1): Promise<void> {
  for (let index = 0; index < times; index++) {
    await (await member.request()).committed();
    await clock.advanceAsync(everyMs);
  }
}

export async function pair(): Promise<[LeasesInTest, LeasesInTest]> {
  return [await join('a'), await join('b')];
}

export function beginFleet(): void {
  clock = new ManualClock();
  fleet = new MemoryFleet(clock);
  members = [];
  seed = 0;
}

export async function endFleet(): Promise<void> {
  await Promise.all(members.map(stop));
}
