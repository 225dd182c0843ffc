import { ManualClock, settled } from '@rollcall/conformance';
import { scriptedPassword } from '@rollcall/conformance/registry';
import type { ConnectionId } from '@rollcall/core';
import type { ConnectionEvent } from '@rollcall/core/events';
import { createMemoryJournal } from '@rollcall/outbox';
import { createLateJournal } from '@rollcall/outbox/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inWords, instanceOf } from '../testing/fleet-in-test.ts';
import { type ScriptedInTest } from '../testing/start-scripted.ts';
import {
  beginFleet,
  clock,
  dead,
  deadAfterMs,
  endFleet,
  fleet,
  join,
  members,
  openIn,
  owed,
} from '../testing/fleet-bed.ts';

/** As `kill -9`: its journal stays. */
function kill(member: ScriptedInTest): void {
  fleet.kill(instanceOf(member));
  members.splice(members.indexOf(member), 1);
}

function idOf(event: ConnectionEvent | undefined): ConnectionId | undefined {
  return event?.connectionId;
}

function millisecondsOf(event: ConnectionEvent | undefined): number {
  return Number.parseInt(event?.epoch.slice(0, 12) ?? '', 16);
}

beforeEach(beginFleet);
afterEach(endFleet);

test('a device that connects elsewhere is taken over: the older socket is closed and told of, once', async () => {
  const [a, b] = [await join('a'), await join('b')];
  const older = await a.begin();
  const newer = await b.begin();
  await settled();
  expect([older.ended, newer.ended]).toEqual([['taken-over'], []]);
  expect([inWords(a.sink.events), inWords(b.sink.events)]).toEqual([
    ['+unit-1', '-unit-1 taken-over'],
    ['+unit-1'],
  ]);
  expect(a.sink.events[1]).toMatchObject({ initiator: 'device', clean: false });
  // And back.
  await a.begin();
  await settled();
  expect(newer.ended).toEqual(['taken-over']);
  expect(fleet.engine.slots.size).toBe(1);
});

test('what holds another slot, or is another device, stays', async () => {
  const [a, b] = [await join('a'), await join('b')];
  const one = await a.begin({ remoteId: 'x' });
  await b.begin({ remoteId: 'y' });
  await b.begin({ remoteId: 'x', username: 'valve-1@acme' });
  await b.begin({ remoteId: 'x', username: 'thermostat-7@umbrella' });
  await settled();
  expect(one.ended).toEqual([]);
});

test('a device is answered when journal and claim are there, and after 50 ms without the claim', async () => {
  const journal = createLateJournal();
  const a = await join('a', { journal });
  const told: string[] = [];
  const release = fleet.holdAnswers(instanceOf(a));
  const waiting = await a.begin({ remoteId: 'claim-waits' });
  void waiting.connection.committed().then(() => told.push('after the claim'));
  journal.commit();
  await settled();
  expect(told, 'the journal alone is not enough').toEqual([]);
  release();
  await settled();
  expect(told).toEqual(['after the claim']);

  const both = await a.begin({ remoteId: 'journal-waits' });
  void both.connection.committed().then(() => told.push('after the journal'));
  await settled();
  expect(told, 'the claim alone is not enough').toHaveLength(1);
  journal.catchUp();
  await settled();
  expect(told).toEqual(['after the claim', 'after the journal']);

  const answer = fleet.holdAnswers(instanceOf(a));
  const late = await a.begin({ remoteId: 'no-answer' });
  void late.connection.committed().then(() => told.push('without an answer'));
  await clock.advanceAsync(49);
  expect(told).toHaveLength(2);
  await clock.advanceAsync(1);
  expect(told.at(-1)).toBe('without an answer');
  expect(late.ended).toEqual([]);
  answer();
});

test('an ending is owed until it is in the journal, and no longer', async () => {
  const journal = createLateJournal();
  const a = await join('a', { journal });
  const { connection } = await a.begin();
  journal.commit();
  await settled();
  const entries = () => fleet.engine.entries.get(instanceOf(a))?.size;
  connection.report({ type: 'end', change: { reason: 'client-closed' } });
  await settled();
  expect(entries()).toBe(1);
  journal.catchUp();
  await settled();
  expect(entries()).toBe(0);
});

test('while the engine is away nothing waits for it, and a claim that lost is found when it is back', async () => {
  const [a, b] = [await join('a'), await join('b')];
  const restore = fleet.cutOff(instanceOf(a));
  const older = await a.begin();
  let isAnswered = false;
  void older.connection.committed().then(() => (isAnswered = true));
  await settled();
  expect(isAnswered).toBe(true);
  clock.advance(1_000);
  const newer = await b.begin();
  await settled();
  expect([older.ended, newer.ended], 'nobody can know').toEqual([[], []]);
  restore();
  await settled();
  expect([older.ended, newer.ended]).toEqual([['taken-over'], []]);
  expect(inWords(a.sink.events)).toEqual(['+unit-1', '-unit-1 taken-over']);
});

test('an engine that lost everything is told again what is open', async () => {
  const [a, b] = [await join('a'), await join('b')];
  const first = await a.begin({ remoteId: 'x' });
  await b.begin({ remoteId: 'y' });
  fleet.loseAll();
  expect(fleet.engine.slots.size).toBe(2);
  await b.begin({ remoteId: 'x' });
  await settled();
  expect(first.ended).toEqual(['taken-over']);
});

test('a process that was stopped learns of a takeover, and reports it', async () => {
  const [a, b] = [await join('a'), await join('b')];
  const older = await a.begin();
  const thaw = fleet.freeze(instanceOf(a));
  await b.begin();
  await clock.advanceAsync(deadAfterMs / 2);
  thaw();
  await settled();
  expect(older.ended).toEqual(['taken-over']);
  expect(inWords(a.sink.events)).toEqual(['+unit-1', '-unit-1 taken-over']);
  expect(owed).toEqual([]);
});

test.each([
  ['before others notice', 1_000, ['-unit-1 adapter-lost']],
  ['after others told', deadAfterMs + 2_000, []],
])(
  'a run that was killed and started again %s: its sessions are reported as lost once',
  async (_when, afterMs, toldHere) => {
    const journal = createMemoryJournal();
    const first = await join('a', { journal });
    await first.begin();
    await settled();
    kill(first);
    await clock.advanceAsync(afterMs);
    const second = await join('a', { journal });
    await settled();
    await clock.advanceAsync(deadAfterMs * 3);
    expect(inWords(second.sink.events)).toEqual(toldHere);
    expect(owed).toHaveLength(1 - toldHere.length);
    expect(await openIn(journal)).toEqual([]);
  },
);

test('a run that stops in order leaves nothing to be told', async () => {
  const a = await join('a');
  await a.begin();
  await settled();
  await a.running.stop({ graceMs: 1_000 });
  await clock.advanceAsync(deadAfterMs * 3);
  expect([owed, dead]).toEqual([[], []]);
  expect(inWords(a.sink.events)).toEqual(['+unit-1', '-unit-1 adapter-shutdown']);
});

test('a limit of a tenant counts its connections everywhere, and those here while the engine is away', async () => {
  const tenant = { limits: { maxConnections: 2 } };
  const [a, b] = [await join('a', { tenant }), await join('b', { tenant })];
  const username = 'thermostat-7@acme';
  const login = { username, password: Buffer.from(scriptedPassword), remoteIp: '192.0.2.1' };
  const result = await a.host.access.authenticate(login);
  if (result.status !== 'accepted') throw new Error('refused');
  const refusals = (member: ScriptedInTest) => member.host.access.admit(result.identity)?.reason;
  await a.begin({ remoteId: 'x' });
  expect(refusals(b)).toBeUndefined();
  const { connection } = await b.begin({ remoteId: 'y' });
  await settled();
  expect([refusals(a), refusals(b)]).toEqual(['tenant-connections-exceeded', 'tenant-connections-exceeded']);
  const restore = fleet.cutOff(instanceOf(a));
  expect(refusals(a)).toBeUndefined();
  restore();
  expect(refusals(a)).toBe('tenant-connections-exceeded');
  connection.report({ type: 'end', change: { reason: 'client-closed' } });
  await settled();
  expect(refusals(a)).toBeUndefined();
});

test.each([3_000, 300_000])(
  'the newer connection is not stamped behind the one it displaces, whose clock is %i ms ahead',
  async (aheadMs) => {
    const ahead = new ManualClock();
    ahead.stepWall(aheadMs);
    const a = await join('a', { clock: ahead });
    const b = await join('b');
    const older = await a.begin();
    await settled();
    const newer = await b.begin();
    await settled();
    expect([older.ended, newer.ended]).toEqual([['taken-over'], []]);
    await clock.advanceAsync(1_000);
    const latest = b.sink.events.at(-1);
    expect(idOf(latest)).toBe(idOf(b.sink.events[0]));
    const behindMs = millisecondsOf(a.sink.events[0]) - millisecondsOf(latest);
    // Consumers allow clocks to be a minute apart.
    expect(behindMs).toBeLessThanOrEqual(60_000);
    newer.connection.report({ type: 'end', change: { reason: 'client-closed' } });
    await settled();
    expect(b.sink.events.at(-1)).toMatchObject({ type: 'disconnected', epoch: latest?.epoch });
    // From now on it knows.
    await b.begin({ remoteId: 'later' });
    await settled();
    expect(b.sink.events.at(-1)?.epoch.localeCompare(a.sink.events[0]?.epoch ?? '')).toBe(1);
    await a.running.stop({ graceMs: 0 });
  },
);

test('a consumer that begins with nothing has each adapter announce what is open, once', async () => {
  const settings = { announceIntervalMs: 3_600_000 };
  const [a, b] = [await join('a', { settings }), await join('b', { settings })];
  for (const number of Array.from({ length: 25 }).keys()) await a.begin({ remoteId: `at-a-${number}` });
  await b.begin({ remoteId: 'at-b' });
  await settled();
  const before = [a, b].map(({ sink }) => sink.events.length);
  expect(before).toEqual([25, 1]);
  await fleet.askForAnnouncements('presence');
  // The next sign of life, and then the pace: of one device, one at a time.
  await clock.advanceAsync(10_000);
  const news = [a, b].map(({ sink }, index) => sink.events.slice(before[index]));
  expect(news.map((events) => events.map((event) => event.remoteId).toSorted())).toEqual([
    Array.from({ length: 25 }, (_, number) => `at-a-${number}`).toSorted(),
    ['at-b'],
  ]);
  expect(news.flat().every(({ type }) => type === 'connected')).toBe(true);
  await clock.advanceAsync(100_000);
  expect([a, b].map(({ sink }) => sink.events.length)).toEqual([50, 2]);
  // Whoever asks again within five minutes is told to wait, and nobody announces.
  expect(await fleet.askForAnnouncements('another')).toMatchObject({ status: 'too-soon' });
});

test('an adapter that never announces does not do so where it is asked either', async () => {
  const a = await join('a', { settings: { announceIntervalMs: 0 } });
  await a.begin();
  await fleet.askForAnnouncements('presence');
  await clock.advanceAsync(10_000);
  expect(inWords(a.sink.events)).toEqual(['+unit-1']);
});
