import { ManualClock, settled } from '@rollcall/conformance';
import { MemoryFleet } from '@rollcall/conformance/fleet';
import type { EventId } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import type { ConnectionEvent } from '@rollcall/core/events';
import type { DeadInstance, OwedEnding } from '@rollcall/core/directory';
import { createMemoryJournal, type Journal } from '@rollcall/outbox';
import type { Delivery } from '@rollcall/core/sink';
import { stampOwed } from '@rollcall/presence/internal';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fileJournals } from '../testing/file-journals.ts';
import { instanceOf } from '../testing/fleet-in-test.ts';
import type { TestSetting } from '../testing/start-for-test.ts';
import { startScripted, type ScriptedInTest } from '../testing/start-scripted.ts';

const away = { status: 'retryable', cause: new Error('away') } as const;
const deadAfterMs = 10_000;

let clock: ManualClock;
let fleet: MemoryFleet;
let members: ScriptedInTest[];
let runs: number;
/** What the living told for the dead. */
let toldByOthers: string[];
let idsToldByOthers: EventId[];
let dead: DeadInstance | undefined;
let stopUndertaker: () => Promise<void>;

beforeEach(async () => {
  clock = new ManualClock();
  fleet = new MemoryFleet(clock);
  members = [];
  runs = 0;
  toldByOthers = [];
  idsToldByOthers = [];
  const undertaker = await fleet.createUndertaker({
    clock,
    random: { next: () => 0, bytes: (length) => new Uint8Array(length) },
    log: silentLog,
    deadAfterMs,
    tell(instance, endings: readonly OwedEnding[]) {
      dead = instance;
      for (const owed of endings) {
        const { id, remoteId, reason } = owed.ending ?? stampOwed(instance, owed);
        toldByOthers.push(`-${remoteId} ${reason}`);
        idsToldByOthers.push(id);
      }
      return Promise.resolve(endings.map(({ event }) => event.connectionId));
    },
  });
  stopUndertaker = () => undertaker.stop();
});

afterEach(async () => {
  await stopUndertaker();
  for (const member of members) await member.running.stop({ graceMs: 0 });
});

async function run(journal: Journal, setting: TestSetting = {}): Promise<ScriptedInTest> {
  const member = await startScripted({
    clock,
    directory: fleet.create,
    journal,
    // Another incarnation each time, also at the same instant.
    seed: (runs += 1),
    ...setting,
    settings: { adapterId: 'a' },
  });
  members.push(member);
  await settled();
  return member;
}

/** As `kill -9`: its journal stays. */
function kill(member: ScriptedInTest): void {
  fleet.kill(instanceOf(member));
  members.splice(members.indexOf(member), 1);
}

/** One run, killed with a session that the directory knows, and one that it does not know. */
async function killedBehindTheDirectory(journal: Journal): Promise<readonly ConnectionEvent[]> {
  const first = await run(journal);
  await first.begin({ remoteId: 'known' });
  await settled();
  fleet.cutOff(instanceOf(first));
  await first.begin({ remoteId: 'unknown' });
  await settled();
  kill(first);
  return first.sink.events;
}

const inWords = ({ sink: { events } }: ScriptedInTest): string[] =>
  events.map((event) =>
    event.type === 'connected' ? `+${event.remoteId}` : `-${event.remoteId} ${event.reason}`,
  );

async function openIn(journal: Journal): Promise<number> {
  let open = 0;
  for await (const page of (await journal.recover()).open()) open += page.length;
  return open;
}

test('killed before the directory knew, started again before others missed it: it tells all of it', async () => {
  const journal = createMemoryJournal();
  await killedBehindTheDirectory(journal);
  const second = await run(journal);
  await clock.advanceAsync(deadAfterMs * 3);
  expect(inWords(second)).toEqual(['-known adapter-lost', '-unknown adapter-lost']);
  expect(toldByOthers).toEqual([]);
});

test('killed before the directory knew, started again after it was declared dead: each is told, by one of them', async () => {
  const journal = createMemoryJournal();
  const began = await killedBehindTheDirectory(journal);
  await clock.advanceAsync(deadAfterMs * 2);
  expect(toldByOthers).toEqual(['-known adapter-lost']);
  const second = await run(journal);
  await clock.advanceAsync(deadAfterMs * 3);
  expect(inWords(second)).toEqual(['-unknown adapter-lost']);
  expect(toldByOthers).toEqual(['-known adapter-lost']);
  const event = began.find((each) => each.type === 'connected' && each.remoteId === 'unknown');
  if (event?.type !== 'connected' || !dead) throw new Error('it did not begin, or is not dead');
  expect(second.sink.events, 'the very event that others would have told').toEqual([
    stampOwed(dead, { event, unconfirmed: false, reason: 'adapter-lost' }),
  ]);
  kill(second);
  const third = await run(journal);
  await clock.advanceAsync(deadAfterMs * 3);
  expect(inWords(third), 'and not again').toEqual([]);
});

test('killed while others still tell its endings, and started again: those are not told twice', async () => {
  const journal = createMemoryJournal();
  await stopUndertaker();
  const before: string[] = [];
  const slow = await fleet.createUndertaker({
    clock,
    random: { next: () => 0, bytes: (length) => new Uint8Array(length) },
    log: silentLog,
    deadAfterMs,
    tell(_dead, endings) {
      before.push(...endings.map(({ event }) => event.remoteId ?? ''));
      return Promise.resolve([]);
    },
  });
  stopUndertaker = () => slow.stop();
  await killedBehindTheDirectory(journal);
  await clock.advanceAsync(deadAfterMs * 2);
  expect(new Set(before)).toEqual(new Set(['known']));
  const second = await run(journal);
  expect(inWords(second)).toEqual(['-unknown adapter-lost']);
});

test('a beginning that neither the network nor the directory had goes out before its ending', async () => {
  const nextJournal = fileJournals(clock);
  const first = await run(nextJournal(), { answer: () => away });
  fleet.cutOff(instanceOf(first));
  await first.begin({ remoteId: 'unknown' });
  await clock.advanceAsync(100);
  kill(first);
  await clock.advanceAsync(deadAfterMs * 2);
  const second = await run(nextJournal());
  await clock.advanceAsync(deadAfterMs);
  expect(inWords(second)).toEqual(['+unknown', '-unknown adapter-lost']);
});

test('an ending that lay in the journal of a dead adapter is told by others, as it was', async () => {
  const nextJournal = fileJournals(clock);
  let isAway = false;
  const first = await run(nextJournal(), { answer: () => (isAway ? away : { status: 'delivered' }) });
  const { connection } = await first.begin({ remoteId: 'unit-1' });
  await settled();
  isAway = true;
  connection.report({ type: 'end', change: { reason: 'client-closed' } });
  await clock.advanceAsync(100);
  kill(first);
  await clock.advanceAsync(deadAfterMs * 2);
  expect(toldByOthers).toEqual(['-unit-1 client-closed']);
  const second = await run(nextJournal());
  await clock.advanceAsync(deadAfterMs * 2);
  expect(inWords(second), 'not again').toEqual([]);
});

test('killed between the journal and the directory: what others told of it is not told again', async () => {
  const nextJournal = fileJournals(clock);
  let isAway = false;
  const first = await run(nextJournal(), { answer: () => (isAway ? away : { status: 'delivered' }) });
  const [known, alone] = [await first.begin({ remoteId: 'known' }), await first.begin({ remoteId: 'alone' })];
  await settled();
  isAway = true;
  alone.connection.report({ type: 'end', change: { reason: 'client-closed' } });
  await settled();
  // The directory forgets what was noted: its ending is in the journal alone.
  fleet.engine.noted.forget();
  fleet.cutOff(instanceOf(first));
  known.connection.report({ type: 'end', change: { reason: 'client-closed' } });
  await clock.advanceAsync(100);
  kill(first);
  await clock.advanceAsync(deadAfterMs * 2);
  expect(toldByOthers).toEqual(['-known adapter-lost']);
  const second = await run(nextJournal());
  await clock.advanceAsync(deadAfterMs * 2);
  expect(inWords(second)).toEqual(['-alone client-closed']);
});

/**
 * A run with a session that ended while neither the directory nor the network could be reached: its ending waits in the journal, and others
 * told it as lost.
 */
async function endedWhileCutOff(
  journal: Journal,
  answer: () => Delivery,
): Promise<{ readonly member: ScriptedInTest; readonly restore: () => void }> {
  const member = await run(journal, { answer });
  const { connection } = await member.begin({ remoteId: 'known' });
  await settled();
  const restore = fleet.cutOff(instanceOf(member));
  connection.report({ type: 'end', change: { reason: 'client-closed' } });
  await clock.advanceAsync(deadAfterMs * 2);
  expect(toldByOthers).toEqual(['-known adapter-lost']);
  return { member, restore };
}

test('what ended while its adapter was cut off, and others told, is not sent once it learns that it was declared dead', async () => {
  let isAway = false;
  const { member, restore } = await endedWhileCutOff(fileJournals(clock)(), () => {
    if (isAway) return away;
    isAway = true;
    return { status: 'delivered' };
  });
  restore();
  isAway = false;
  await clock.advanceAsync(10_000);
  expect(inWords(member)).toEqual(['+known']);
});

test('nor by a run after the next: the next one could not ask, and was killed before the network was back', async () => {
  const nextJournal = fileJournals(clock);
  let answers = 1;
  const answer = (): Delivery => ((answers -= 1) < 0 ? away : { status: 'delivered' });
  const { member } = await endedWhileCutOff(nextJournal(), answer);
  kill(member);
  let back = (): void => {};
  const second = await run(nextJournal(), {
    answer,
    directory: async (context) => {
      const directory = await fleet.create(context);
      back = fleet.cutOff(context.self.instance);
      return directory;
    },
  });
  back();
  await second.begin({ remoteId: 'later' });
  await clock.advanceAsync(1_000);
  kill(second);
  const third = await run(nextJournal());
  await clock.advanceAsync(1_000);
  expect(inWords(third)).toEqual(['+later', '-later adapter-lost']);
});

test('killed between the directory and the network: the ending is told once, as it was, whoever is started again', async () => {
  const journal = createMemoryJournal();
  const first = await run(journal, { answer: () => new Promise(() => {}) });
  const { connection } = await first.begin({ remoteId: 'unit-1' });
  connection.report({ type: 'end', change: { reason: 'client-closed' } });
  await clock.advanceAsync(100);
  kill(first);
  await clock.advanceAsync(deadAfterMs * 3);
  expect(toldByOthers).toEqual(['-unit-1 client-closed']);
});

test('an ending is not sent before the directory knows it, or 50 ms', async () => {
  const first = await run(createMemoryJournal());
  const [prompt, late] = [await first.begin({ remoteId: 'prompt' }), await first.begin({ remoteId: 'late' })];
  await settled();
  const answer = fleet.holdAnswers(instanceOf(first));
  prompt.connection.report({ type: 'end', change: { reason: 'client-closed' } });
  await settled();
  expect(inWords(first)).toEqual(['+prompt', '+late']);
  answer();
  await settled();
  expect(inWords(first)).toEqual(['+prompt', '+late', '-prompt client-closed']);
  const answerLater = fleet.holdAnswers(instanceOf(first));
  late.connection.report({ type: 'end', change: { reason: 'client-closed' } });
  await clock.advanceAsync(49);
  expect(inWords(first)).toHaveLength(3);
  await clock.advanceAsync(1);
  await settled();
  expect(inWords(first).at(-1)).toBe('-late client-closed');
  answerLater();
});

test('without its journal, the next run tells nothing of what it does not know; others tell what they do', async () => {
  await killedBehindTheDirectory(createMemoryJournal());
  await clock.advanceAsync(deadAfterMs * 2);
  const second = await run(createMemoryJournal());
  await clock.advanceAsync(deadAfterMs * 3);
  expect([toldByOthers, inWords(second)]).toEqual([['-known adapter-lost'], []]);
});

test('where the directory does not say who tells them, they stay in the journal for the next start', async () => {
  const journal = createMemoryJournal();
  await killedBehindTheDirectory(journal);
  await clock.advanceAsync(deadAfterMs * 2);
  const second = await run(journal, {
    directory: async (context) => {
      const directory = await fleet.create(context);
      directory.untoldOf = () => Promise.resolve(undefined);
      return directory;
    },
  });
  expect(inWords(second)).toEqual([]);
  kill(second);
  expect(await openIn(journal)).toBe(2);
  const third = await run(journal);
  expect(inWords(third)).toEqual(['-unknown adapter-lost']);
});

/** Ids of endings, by device, whoever told them. */
function idsOfEndings(all: readonly ScriptedInTest[]): Map<string | undefined, Set<EventId>> {
  const ids = new Map<string | undefined, Set<EventId>>();
  for (const { sink } of all)
    for (const event of sink.events)
      if (event.type === 'disconnected')
        ids.set(event.remoteId, (ids.get(event.remoteId) ?? new Set()).add(event.id));
  return ids;
}

test.each([
  ['at once', 0],
  ['when it has told, and the directory does not know', 100],
  ['when all is settled', 2_000],
])('killed three times in a row, each time %s: every ending is told once', async (_when, livesMs) => {
  const nextJournal = fileJournals(clock);
  const all = [await run(nextJournal())];
  await all[0]?.begin({ remoteId: 'one' });
  await all[0]?.begin({ remoteId: 'two' });
  await clock.advanceAsync(1_000);
  for (let round = 0; round < 3; round++) {
    const last = all.at(-1);
    if (last) kill(last);
    await clock.advanceAsync(500);
    const next = await run(nextJournal(), {
      // What is settled does not reach the directory.
      ...(livesMs === 100 && { directory: withoutSettling }),
    });
    all.push(next);
    if (livesMs > 0) await next.begin({ remoteId: `round-${round}` });
    await clock.advanceAsync(livesMs);
  }
  await clock.advanceAsync(deadAfterMs * 4);
  const endings = all.flatMap((each) => inWords(each).filter((words) => words.startsWith('-')));
  expect(endings.toSorted()).toEqual(
    [
      ...(livesMs > 0 ? ['-round-0 adapter-lost', '-round-1 adapter-lost'] : []),
      '-one adapter-lost',
      '-two adapter-lost',
    ].toSorted(),
  );
  expect(toldByOthers, 'as long as the last one lives').toEqual([]);
});

test('killed again before the directory knew what it had told: others tell the same events', async () => {
  const journal = createMemoryJournal();
  const first = await run(journal);
  await first.begin({ remoteId: 'one' });
  await settled();
  kill(first);
  const second = await run(journal, { directory: withoutSettling });
  await clock.advanceAsync(1_000);
  kill(second);
  await clock.advanceAsync(deadAfterMs * 3);
  expect([inWords(second), toldByOthers]).toEqual([['-one adapter-lost'], ['-one adapter-lost']]);
  expect(idsOfEndings([second]).get('one')).toEqual(new Set(idsToldByOthers));
});

test('an ending that the directory did not hear of before the kill is not told again by others', async () => {
  const journal = createMemoryJournal();
  const first = await run(journal);
  const { connection } = await first.begin({ remoteId: 'one' });
  await settled();
  fleet.cutOff(instanceOf(first));
  connection.report({ type: 'end', change: { reason: 'client-closed' } });
  await settled();
  kill(first);
  const second = await run(journal);
  await clock.advanceAsync(deadAfterMs * 3);
  expect([inWords(first), inWords(second), toldByOthers]).toEqual([['+one', '-one client-closed'], [], []]);
});

test('started again while the directory is away: it tells all itself, and others nothing once that is back', async () => {
  const journal = createMemoryJournal();
  const first = await run(journal);
  await first.begin({ remoteId: 'one' });
  await settled();
  kill(first);
  let back = (): void => {};
  const second = await run(journal, {
    directory: async (context) => {
      const directory = await fleet.create(context);
      back = fleet.cutOff(context.self.instance);
      return directory;
    },
  });
  await clock.advanceAsync(deadAfterMs / 2);
  expect(inWords(second)).toEqual(['-one adapter-lost']);
  back();
  await clock.advanceAsync(deadAfterMs * 3);
  expect([toldByOthers, inWords(second)]).toEqual([[], ['-one adapter-lost']]);
});

test('an older undertaker leaves no mark of what it told: it is told again as the very event', async () => {
  const nextJournal = fileJournals(clock);
  const first = await run(nextJournal());
  await first.begin({ remoteId: 'one' });
  await settled();
  kill(first);
  await clock.advanceAsync(deadAfterMs * 2);
  expect(toldByOthers).toEqual(['-one adapter-lost']);
  fleet.engine.told.clear();
  const second = await run(nextJournal());
  const [event] = first.sink.events;
  if (event?.type !== 'connected' || !dead) throw new Error('it did not begin, or is not dead');
  expect(second.sink.events).toEqual([
    stampOwed(dead, { event, unconfirmed: false, reason: 'adapter-lost' }),
  ]);
});

/** What is settled does not reach the directory, as where the process is killed a moment before. */
const withoutSettling: typeof fleet.create = async (context) => {
  const directory = await fleet.create(context);
  directory.settled = () => {};
  return directory;
};

test.each([1, 2])(
  'killed with open sessions, and then %i times before it had sent that they are lost: the others tell it, under the same ids',
  async (times) => {
    const journal = fileJournals(clock);
    const first = await run(journal());
    await first.begin({ remoteId: 'one' });
    await first.begin({ remoteId: 'two' });
    await settled();
    kill(first);
    for (let time = 0; time < times; time++) {
      const again = await run(journal(), { answer: () => away });
      await clock.advanceAsync(2_000);
      kill(again);
    }
    await clock.advanceAsync(deadAfterMs * 4);
    expect(toldByOthers.toSorted()).toEqual(['-one adapter-lost', '-two adapter-lost']);
    const last = await run(journal());
    await clock.advanceAsync(deadAfterMs);
    expect(toldByOthers).toHaveLength(2);
    expect(last.sink.events.filter(({ id }) => !idsToldByOthers.includes(id))).toEqual([]);
  },
);
