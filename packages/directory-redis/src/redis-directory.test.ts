import { anEnding, ManualClock, settled } from '@rollcall/conformance';
import { joinFleet as join, type FleetMember } from '@rollcall/conformance/fleet';
import type { ConnectionId } from '@rollcall/core';
import type { DirectoryEntry } from '@rollcall/core/directory';
import { sleep } from '@rollcall/core/environment';
import type { DisconnectReason } from '@rollcall/core/events';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Engine, EngineListener } from './engine/engine.ts';
import { joinFleet } from './redis-directory.ts';
import { abandon } from './scripts/abandon.ts';
import { claimSlot } from './scripts/claim-slot.ts';
import { dropOwed } from './scripts/drop-owed.ts';
import { findUntold } from './scripts/find-untold.ts';
import { giveUpLease } from './scripts/give-up-lease.ts';
import { inherit } from './scripts/inherit.ts';
import { releaseSlot } from './scripts/release-slot.ts';
import { renewLease } from './scripts/renew-lease.ts';
import { reportSign } from './scripts/report-sign.ts';
import type { Script } from './scripts/script.ts';
import { deathText } from './wire/death.ts';
import { keyNames } from './wire/key-names.ts';
import { shortId } from './wire/short-id.ts';

let clock: ManualClock;
let listener: EngineListener;
/** The connections of all claims that were sent. */
let claims: string[];
/** From which incarnation each of them takes its lease; '' none. */
let takenFrom: string[];
/** The endings of all releases that were sent. */
let endings: string[];
/** What the engine answers to claims; default: that they won. */
let standing: readonly unknown[] | undefined;
/** The records of the engine, by key and connection. */
let owed: Map<string, Map<string, string>>;
/** While it is a list, answers to claims are held back in it. */
let held: (() => void)[] | undefined;
/** How long answers to claims and to questions take. */
let distanceMs: number;
/** Once set, this incarnation was declared dead, and others told the endings of all that it had. */
let death: string | undefined;
let dead: string;
/** Whether they told them: the engine may have forgotten what this incarnation had. */
let othersTold: boolean;
/** The death of the incarnation before, which this one inherits. */
let inherited: readonly [instance: string, death: string] | undefined;
/** For each bucket of it that was dropped, how many connections had been claimed by then. */
let dropped: number[];
/** A script that is not answered. */
let mute: string | undefined;
/** The scripts that ran, by name. */
let ran: string[];
let member: FleetMember;

beforeEach(async () => {
  clock = new ManualClock();
  claims = [];
  takenFrom = [];
  endings = [];
  owed = new Map();
  held = undefined;
  distanceMs = 0;
  standing = undefined;
  death = undefined;
  dead = '';
  othersTold = true;
  inherited = undefined;
  dropped = [];
  ran = [];
  mute = undefined;
  const fromAfar = <Value>(value: Value): Promise<Value> =>
    distanceMs === 0 ? Promise.resolve(value) : sleep(clock, distanceMs).then(() => value);
  const answer = <Value>(value: Value): Promise<Value> =>
    held ? new Promise((resolve) => held?.push(() => resolve(value))) : fromAfar(value);
  const engine: Engine = {
    run(script: Script, [, key = ''], args) {
      ran.push(script.name);
      if (script.name === mute) return Promise.reject(new Error('no answer'));
      if (script === releaseSlot) {
        endings.push(args[7] ?? '');
        owed.get(key)?.delete(args[2] ?? '');
        return answer(1);
      }
      if (script === renewLease && death !== undefined && args[0] === dead)
        return Promise.resolve([0, death]);
      if (script === findUntold) return Promise.resolve(othersTold ? [] : args.slice(5));
      if (script === renewLease) return Promise.resolve([1, clock.now(), args[1], 'fleet', 1]);
      if (script === inherit) return Promise.resolve(inherited?.[1] ?? '');
      if (script === dropOwed) dropped.push(new Set(claims).size);
      if (script === giveUpLease) return answer(standing);
      if (script === reportSign) return answer([1, '']);
      if (script !== claimSlot) return Promise.resolve(1);
      const connection = args[3] ?? '';
      claims.push(connection);
      takenFrom.push(args[6] ?? '');
      owed.set(key, (owed.get(key) ?? new Map()).set(connection, args[4] ?? ''));
      return answer(standing ?? [1, args[1], '', '']);
    },
    read: (command, key, connection = '') => {
      if (key === keyNames('test:').deaths)
        return Promise.resolve(command === 'HGETALL' ? (inherited ?? []) : (death ?? null));
      if (command === 'HGET') return fromAfar(owed.get(key)?.get(connection) ?? null);
      const connections = [...(owed.get(key)?.keys() ?? [])];
      return fromAfar(command === 'HLEN' ? connections.length : connections);
    },
    publish: () => Promise.resolve(0),
    info: () => Promise.resolve(new Map()),
    listenTo() {},
    close() {},
  };
  const joining = join({
    create: (context) =>
      joinFleet(
        {
          keys: keyNames('test:'),
          openEngine(given) {
            listener = given;
            return engine;
          },
        },
        // No connection is in a bucket that the routine asserts again.
        { ...context, random: { bytes: (length) => context.random.bytes(length), next: () => 0 } },
      ),
    clock,
    pass: (ms) => clock.advanceAsync(ms),
  });
  await settled();
  listener.subscribed();
  listener.commandsReady();
  member = await joining;
});

/** Makes so many answers late that the engine counts as away. */
async function isLate(): Promise<void> {
  held = [];
  for (let index = 0; index < 20; index++) {
    const entered = member.directory.enter(member.entry(`late-${index}`, 'x'));
    await clock.advanceAsync(50);
    await entered;
  }
  expect(member.directory.status).toBe('away');
}

/** Lets the late answers arrive, and a sign of life be answered. */
async function isBack(): Promise<void> {
  const answers = held ?? [];
  held = undefined;
  for (const answer of answers) answer();
  await clock.advanceAsync(4_000);
  expect(member.directory.status).toBe('in-touch');
}

test('nothing is asserted again in an engine that only answered late', async () => {
  await member.directory.enter(member.entry('d-1', 'x'));
  await isLate();
  claims = [];
  await isBack();
  expect(claims).toEqual([]);
});

test('a directory that subscribed again may have missed a message: it asserts everything, and learns what it lost', async () => {
  await member.directory.enter(member.entry('d-1', 'x'));
  await isLate();
  listener.subscribed();
  claims = [];
  await isBack();
  await clock.advanceAsync(5_000);
  expect(new Set(claims).size).toBe(21);
});

test('an engine that is far away is told of all connections within five seconds, however many buckets they are in', async () => {
  for (let index = 0; index < 500; index++) await member.directory.enter(member.entry(`d-${index}`, 'x'));
  distanceMs = 45;
  owed.clear();
  listener.subscribed();
  claims = [];
  await clock.advanceAsync(5_000);
  expect(new Set(claims).size).toBe(500);
});

test('an engine that is told everything again, and answers late, is still asked for devices that connect', async () => {
  // Of one device they are in one bucket.
  for (let index = 0; index < 4_000; index++)
    await member.directory.enter(member.entry(`d-${index % 20}`, `x-${index}`));
  distanceMs = 700;
  owed.clear();
  listener.subscribed();
  for (let second = 1; second <= 5; second++) {
    await clock.advanceAsync(1_000);
    claims = [];
    const entry = member.entry(`new-${second}`, 'x');
    void member.directory.enter(entry);
    expect(claims).toContain(shortId(entry.event.connectionId));
  }
});

test('while signs of very many leases of others are on their way, the engine is still asked who holds a lease', async () => {
  const basis = { kind: 'lease', intervalMs: 60_000, from: 'default' } as const;
  const state = { basis, silentMs: 0, leftMs: 60_000 };
  const leaseOf = (device: string) => {
    const { event } = member.entry(device, 'x');
    return { event: { ...event, basis }, slot: 'x', state };
  };
  held = [];
  const reports = Array.from({ length: 1_500 }, (_, index) =>
    member.directory.leases.report(
      { ...leaseOf(`d-${index}`), instance: `other-${index % 3}` },
      { kind: 'request', ageMs: 0 },
    ),
  );
  await clock.advanceAsync(2_000);
  const begun = leaseOf('new');
  const entering = member.directory.leases.enter(begun);
  expect(claims).toEqual([shortId(begun.event.connectionId)]);
  const answers = held;
  held = undefined;
  for (const answer of answers) answer();
  expect(await entering).toEqual({ status: 'held' });
  expect(new Set((await Promise.all(reports)).map(({ status }) => status))).toEqual(new Set(['told']));
  expect(member.directory.counts()['signs_reported']).toBe(1_500);
});

test('a lease is not asserted while the engine is asked who holds it', async () => {
  const basis = { kind: 'lease', intervalMs: 60_000, from: 'default' } as const;
  const { event } = member.entry('d-1', 'x');
  held = [];
  const entering = member.directory.leases.enter({
    event: { ...event, basis },
    slot: 'd-1',
    state: { basis, silentMs: 0, leftMs: 60_000 },
  });
  const [answer] = held;
  held = undefined;
  listener.subscribed();
  claims = [];
  await clock.advanceAsync(40);
  expect(claims).toEqual([]);
  answer?.();
  expect(await entering).toEqual({ status: 'held' });
});

test.each(['the same', 'another one'])(
  'a lease whose claim is answered late, and of which another adapter holds %s, is told of as what it is',
  async (what) => {
    const basis = { kind: 'lease', intervalMs: 60_000, from: 'default' } as const;
    const { event } = member.entry('d-1', 'x');
    const { connectionId } = what === 'the same' ? event : member.entry('d-1', 'x').event;
    const other = '0190a1b2-0000-7000-8000-00000000000b';
    standing = [4, `1${event.epoch}${shortId(other)} ${shortId(connectionId)}`, ''];
    held = [];
    const entering = member.directory.leases.enter({
      event: { ...event, basis },
      slot: 'd-1',
      state: { basis, silentMs: 0, leftMs: 60_000 },
    });
    await clock.advanceAsync(50);
    expect(await entering).toEqual({ status: 'unknown' });
    for (const answer of held) answer();
    await settled();
    expect(member.told).toMatchObject([
      { what: what === 'the same' ? 'moved-away' : 'displaced', connection: event.connectionId },
    ]);
  },
);

test('a lease that was never entered here, and whose holder is gone, is not left to that one', async () => {
  const basis = { kind: 'lease', intervalMs: 60_000, from: 'default' } as const;
  const { event } = member.entry('d-1', 'x');
  const { connectionId, epoch } = event;
  const gone = shortId('0190a1b2-0000-7000-8000-00000000000b');
  await isLate();
  const state = { basis, silentMs: 0, leftMs: 60_000 };
  const lease = { event: { ...event, basis }, slot: 'd-1', state };
  expect(await member.directory.leases.enter(lease)).toEqual({ status: 'unknown' });
  for (const answer of held ?? []) answer();
  held = undefined;
  standing = [0, `1${epoch}${gone} ${shortId(connectionId)}`];
  [claims, takenFrom] = [[], []];
  await clock.advanceAsync(4_000);
  expect(member.told).toEqual([]);
  const froms = takenFrom.filter((_from, index) => claims[index] === shortId(connectionId));
  expect(froms.slice(0, 2)).toEqual(['', gone]);
});

test('an assertion that overtakes a later claim of this instance displaces nothing, and the later one claims again', async () => {
  const [earlier, later] = [member.entry('d-1', 'x'), member.entry('d-1', 'x')];
  await member.directory.enter(earlier);
  const { epoch, connectionId } = later.event;
  standing = [1, epoch, `1${epoch}${shortId(member.instance)} ${shortId(connectionId)}`, ''];
  held = [];
  claims = [];
  listener.subscribed();
  await clock.advanceAsync(40);
  expect(claims).toEqual([shortId(earlier.event.connectionId)]);
  standing = undefined;
  const answers = held;
  held = undefined;
  expect(await member.directory.enter(later)).toBe('held');
  claims = [];
  for (const answer of answers) answer();
  await clock.advanceAsync(5_000);
  expect(member.displaced()).toEqual([earlier.event.connectionId]);
  expect(claims).toContain(shortId(connectionId));
});

test.each(['is', 'is not'])(
  'an adapter that stops lays a lease that came too late down, and leaves the fleet if the engine %s told',
  async (what) => {
    const basis = { kind: 'lease', intervalMs: 60_000, from: 'default' } as const;
    const entry = member.entry('d-1', 'x');
    const other = shortId('0190a1b2-0000-7000-8000-00000000000b');
    standing = [
      5,
      `1${entry.event.epoch}${other} ${shortId(member.entry('d-1', 'x').event.connectionId)}`,
      '',
    ];
    held = [];
    const state = { basis, silentMs: 0, leftMs: 60_000 };
    void member.directory.leases.enter({ event: { ...entry.event, basis }, slot: 'x', state });
    await clock.advanceAsync(50);
    for (const answer of held) answer();
    held = undefined;
    await settled();
    if (what === 'is not') mute = abandon.name;
    void member.directory.leave(entry);
    ran = [];
    const closed = member.directory.close();
    await clock.advanceAsync(2_000);
    await closed;
    const last = ran.filter((name) => ['abandon', 'lay-down', 'retire'].includes(name));
    expect(last).toEqual(what === 'is' ? ['abandon', 'lay-down', 'retire'] : ['abandon']);
  },
);

test('a silent device is not reported as gone because the engine answers late: it was heard elsewhere', async () => {
  const basis = { kind: 'lease', intervalMs: 60_000, from: 'default' } as const;
  const { event } = member.entry('d-1', 'x');
  const state = { basis, silentMs: 0, leftMs: 60_000 };
  const lease = { event: { ...event, basis }, slot: 'd-1', state };
  expect(await member.directory.leases.enter(lease)).toEqual({ status: 'held' });
  standing = [2, 5_000];
  held = [];
  const [goodbye, silence, unanswered] = [0, 60_000, 60_000].map((quietMs) =>
    member.directory.leases.giveUp(lease, quietMs),
  );
  await clock.advanceAsync(1_000);
  expect(await goodbye, 'who said so is gone, and its ending does not wait').toEqual({ status: 'unknown' });
  held[1]?.();
  expect(await silence).toEqual({ status: 'heard', agoMs: 5_000 });
  await clock.advanceAsync(1_000);
  expect(await unanswered).toEqual({ status: 'unknown' });
});

test('an ending waits 50 ms for its answer, however many there are, and the engine is not away for that', async () => {
  const entries = Array.from({ length: 30 }, (_, index) => member.entry(`d-${index}`, 'x'));
  for (const entry of entries) await member.directory.enter(entry);
  held = [];
  const left = entries.map((entry) => member.directory.leave(entry, anEnding(entry.event)));
  let isOver = false;
  void Promise.all(left.map((each) => Promise.resolve(each))).then(() => (isOver = true));
  await clock.advanceAsync(49);
  expect(isOver).toBe(false);
  await clock.advanceAsync(10);
  expect(isOver).toBe(true);
  expect(member.directory.status).toBe('in-touch');
});

describe('an ending whose answer is outstanding when this incarnation is declared dead', () => {
  /** Resolves with the connection, once this incarnation knows that it is dead. */
  async function leftAsItDies(): Promise<ConnectionId> {
    const entry = member.entry('d-1', 'x');
    await member.directory.enter(entry);
    held = [];
    void member.directory.leave(entry, anEnding(entry.event));
    dead = shortId(member.instance);
    death = deathText({
      state: 'settled',
      declaredAtMs: 2,
      aliveAtMs: 1,
      unconfirmedSince: '0'.repeat(16),
    });
    await clock.advanceAsync(4_000);
    return entry.event.connectionId;
  }

  test('is left to others, if they told it', async () => {
    const connection = await leftAsItDies();
    expect(member.told).toEqual([{ what: 'buried', neverKnown: [], toldByOthers: [connection] }]);
  });

  test('is not left to others, if they cannot know it', async () => {
    othersTold = false;
    const connection = await leftAsItDies();
    expect(member.told).toEqual([{ what: 'buried', neverKnown: [connection] }]);
  });
});

test('how a connection ended while the engine was away is noted when it is back', async () => {
  const [before, silent] = [member.entry('d-1', 'x'), member.entry('d-2', 'x')];
  for (const entry of [before, silent]) await member.directory.enter(entry);
  await isLate();
  expect(member.directory.leave(before, anEnding(before.event, { reason: 'client-closed' }))).toBeUndefined();
  expect(member.directory.leave(silent)).toBeUndefined();
  expect(endings).toEqual([]);
  await isBack();
  await clock.advanceAsync(5_000);
  expect(endings.toSorted().map((text) => text.includes('client-closed'))).toEqual([false, true]);
});

describe('an heir that stops before it has entered all leases that it goes on with', () => {
  const earlier = '0190a1b2-0000-7000-8000-00000000000c';
  const leases = 1_100;

  /** More leases at once than may be asked about. */
  async function inherits(): Promise<void> {
    const inheritedDeath = {
      state: 'inherited',
      declaredAtMs: 2,
      aliveAtMs: 1,
      unconfirmedSince: '0'.repeat(16),
      heir: member.instance,
    } as const;
    inherited = [shortId(earlier), deathText(inheritedDeath)];
    expect(await member.directory.succeed(earlier)).toMatchObject({ whose: 'ours' });
    held = [];
    const basis = { kind: 'lease', intervalMs: 60_000, from: 'default' } as const;
    for (let index = 0; index < leases; index++) {
      const { event } = member.entry(`d-${index}`, 'x');
      const state = { basis, silentMs: 0, leftMs: 60_000 };
      void member.directory.leases.enter({ event: { ...event, basis }, slot: 'x', state });
    }
    await settled();
    expect(claims.length).toBeLessThan(leases);
    member.directory.settled(earlier);
  }

  test('enters the rest before it drops what the one before is owed', async () => {
    await inherits();
    const closed = member.directory.close();
    const answers = held ?? [];
    held = undefined;
    for (const answer of answers) answer();
    await clock.advanceAsync(2_000);
    await closed;
    expect([dropped.length, dropped[0]]).toEqual([1_024, leases]);
  });

  test('drops nothing of what it was not asked about in time: it is owed', async () => {
    await inherits();
    const closed = member.directory.close();
    await clock.advanceAsync(2_000);
    await closed;
    expect(dropped).toEqual([]);
  });
});

describe('how a session ended that the engine knows is noted once it is back', () => {
  function leaves(entry: DirectoryEntry, reason: DisconnectReason): void {
    void member.directory.leave(entry, anEnding(entry.event, { reason }));
  }
  const noted = (reason: DisconnectReason): number => endings.filter((text) => text.includes(reason)).length;

  test('however many began and ended while it was away', async () => {
    const known = member.entry('d-1', 'x');
    await member.directory.enter(known);
    await isLate();
    for (let index = 0; index < 10_000; index++) {
      const short = member.entry(`short-${index}`, 'x');
      void member.directory.enter(short);
      leaves(short, 'client-closed');
    }
    leaves(known, 'keepalive-timeout');
    await isBack();
    await clock.advanceAsync(5_000);
    expect(noted('keepalive-timeout')).toBe(1);
  });

  test('for the latest 10,000', async () => {
    const entries = Array.from({ length: 10_001 }, (_, index) => member.entry(`d-${index}`, 'x'));
    for (const entry of entries) await member.directory.enter(entry);
    await isLate();
    for (const [index, entry] of entries.entries())
      leaves(entry, index === 0 ? 'keepalive-timeout' : 'client-closed');
    await isBack();
    await clock.advanceAsync(20_000);
    expect(endings).toHaveLength(10_001);
    expect([noted('keepalive-timeout'), noted('client-closed')]).toEqual([0, 10_000]);
  });
});
