import { ClockOfAnother, ManualClock, settled } from '@rollcall/conformance';
import { MemoryFleet } from '@rollcall/conformance/fleet';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  inWords,
  instanceOf,
  recordingUndertaker,
  type RecordingUndertaker,
} from '../testing/fleet-in-test.ts';
import type { TestSetting } from '../testing/start-for-test.ts';
import { startScripted, type ScriptedInTest } from '../testing/start-scripted.ts';

const away = { status: 'retryable', cause: new Error('away') } as const;
const delivered = { status: 'delivered' } as const;
const deadAfterMs = 10_000;
const tenMinutesMs = 600_000;

let clock: ManualClock;
let fleet: MemoryFleet;
let members: ScriptedInTest[];
let undertaker: RecordingUndertaker;

beforeEach(async () => {
  clock = new ManualClock();
  fleet = new MemoryFleet(clock);
  members = [];
  undertaker = await recordingUndertaker(fleet, { clock, deadAfterMs });
});

afterEach(async () => {
  await undertaker.stop();
  for (const member of members) await member.running.stop({ graceMs: 0 });
});

async function join(adapterId: string, setting: TestSetting): Promise<ScriptedInTest> {
  const member = await startScripted({
    directory: fleet.create,
    seed: members.length + 1,
    ...setting,
    settings: { adapterId },
  });
  members.push(member);
  return member;
}

/** As `kill -9`, and others tell what it left. */
async function killed(member: ScriptedInTest): Promise<void> {
  fleet.kill(instanceOf(member));
  members.splice(members.indexOf(member), 1);
  await clock.advanceAsync(3 * deadAfterMs);
}

test.each(['stops', 'is killed'] as const)(
  'the clock of an adapter is ten minutes ahead, and it %s: its device has a later epoch at another one, which let in none meanwhile',
  async (how) => {
    const own = new ClockOfAnother(clock);
    own.stepWall(tenMinutesMs);
    const a = await join('a', { clock: own });
    const b = await join('b', { clock });
    await a.begin({ remoteId: 'roams' });
    await clock.advanceAsync(60_000);
    if (how === 'is killed') await killed(a);
    else await a.running.stop({ graceMs: 0 });
    await clock.advanceAsync(10_000);
    await b.begin({ remoteId: 'roams' });
    const [before, after] = [a, b].map(({ sink }) => sink.events.find(({ type }) => type === 'connected'));
    expect(after?.epoch).toMatch(/./);
    expect(String(after?.epoch) > String(before?.epoch), `${after?.epoch} after ${before?.epoch}`).toBe(true);
  },
);

test.each([
  ['and stays so', 0],
  ['and back', -tenMinutesMs],
])(
  'the wall clock of an adapter is set ten minutes ahead while the network is away, %s: should it be killed, others know what was not sent',
  async (_how, backMs) => {
    const own = new ClockOfAnother(clock);
    let isAway = false;
    const a = await join('a', { clock: own, answer: () => (isAway ? away : delivered) });
    await join('b', { clock });
    const before = await a.begin({ remoteId: 'before' });
    await clock.advanceAsync(5_000);
    isAway = true;
    own.stepWall(tenMinutesMs);
    await a.begin({ remoteId: 'begins' });
    before.connection.report({ type: 'end', change: { reason: 'client-closed' } });
    await settled();
    own.stepWall(backMs);
    await clock.advanceAsync(5_000);
    await killed(a);
    expect(inWords(a.sink.events)).toEqual(['+before']);
    const [begins, ended] = undertaker.owed;
    expect(begins).toMatchObject({ event: { remoteId: 'begins' }, unconfirmed: true });
    expect(ended).toMatchObject({ event: { remoteId: 'before' }, ending: { reason: 'client-closed' } });
  },
);
