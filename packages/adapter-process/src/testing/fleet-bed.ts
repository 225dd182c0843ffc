import { ManualClock } from '@rollcall/conformance';
import { MemoryFleet } from '@rollcall/conformance/fleet';
import { type Journal } from '@rollcall/outbox';
import { recordingUndertaker, type RecordingUndertaker } from './fleet-in-test.ts';
import type { TestSetting } from './start-for-test.ts';
import { startScripted, type ScriptedInTest } from './start-scripted.ts';

export const away = { status: 'retryable', cause: new Error('away') } as const;

export const deadAfterMs = 10_000;

export let clock: ManualClock;

export let fleet: MemoryFleet;

export let members: ScriptedInTest[];

/** What an undertaker was given to tell. */
export let owed: RecordingUndertaker['owed'];

export let dead: RecordingUndertaker['dead'];

export let undertaker: RecordingUndertaker;

export async function join(adapterId: string, setting: TestSetting = {}): Promise<ScriptedInTest> {
  const member = await startScripted({
    clock,
    directory: fleet.create,
    seed: members.length + 1,
    ...setting,
    settings: { adapterId, ...setting.settings },
  });
  members.push(member);
  return member;
}

export async function openIn(journal: Journal): Promise<readonly string[]> {
  const { open } = await journal.recover();
  const found: string[] = [];
  for await (const page of open()) found.push(...page.map(({ event }) => event.remoteId));
  return found;
}

export async function beginFleet(): Promise<void> {
  clock = new ManualClock();
  fleet = new MemoryFleet(clock);
  members = [];
  undertaker = await recordingUndertaker(fleet, { clock, deadAfterMs });
  ({ owed, dead } = undertaker);
}

export async function endFleet(): Promise<void> {
  await undertaker.stop();
  for (const member of members) await member.running.stop({ graceMs: 0 });
}
