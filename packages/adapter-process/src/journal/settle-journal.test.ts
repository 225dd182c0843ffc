import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { anOutboundEvent, ManualClock, RecordingSink, seededRandom, settled } from '@rollcall/conformance';
import type { ConnectionId, Timestamp } from '@rollcall/core';
import { silentLog, systemClock } from '@rollcall/core/environment';
import type { ConnectedEvent, ConnectionEvent } from '@rollcall/core/events';
import type { Delivery, OutboundEvent } from '@rollcall/core/sink';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Journal } from '@rollcall/outbox';
import { inspectJournal, isJournalInUse } from '@rollcall/outbox/tools';
import {
  createFileJournal,
  createThreadedStore,
  deviceNumber,
  schemaSteps,
  schemaVersion,
} from '@rollcall/outbox/testing';
import { buryConnections, settleJournal } from './settle-journal.ts';

const refused: Delivery = { status: 'refused', cause: new Error('no such address') };

let directory: string;
let file: string;
let journal: Journal | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-settle-'));
  file = join(directory, 'mqtt-0.journal');
});
afterEach(async () => {
  await journal?.close();
  rmSync(directory, { recursive: true });
});

function connected(id: string, device = id): OutboundEvent & { readonly event: ConnectedEvent } {
  const outbound = anOutboundEvent(`${id}+`, {
    connectionId: id as ConnectionId,
    device: { tenant: 'acme', device } as ConnectedEvent['device'],
  });
  return { ...outbound, event: outbound.event as ConnectedEvent };
}

/** A journal with two connections that are open, one of them never reported, and one event that was refused. */
async function givenAJournal(): Promise<void> {
  const store = createThreadedStore({ file, durability: 'process', maxBytes: 10_000_000 });
  journal = createFileJournal({ store, clock: systemClock, log: silentLog, behindAfterMs: 50 });
  await journal.recover();
  const told = journal.append(connected('told'), ['events', 'webhook']);
  journal.forget('events', told.place);
  journal.append(connected('untold'), ['events']);
  const odd = connected('odd');
  const { place, committed } = journal.append(odd, ['events']);
  await committed;
  journal.park('events', place, 'no such address');
  journal.note([['told' as ConnectionId, { lastSeen: (odd.event.at + 5_000) as Timestamp }]]);
}

async function closed(): Promise<void> {
  await journal?.close();
  journal = undefined;
}

const environment = (sink: RecordingSink) => ({
  sink,
  clock: systemClock,
  random: seededRandom(1),
  log: silentLog,
  withinMs: 60_000,
});
const inWords = (events: readonly ConnectionEvent[]): string[] =>
  events.map((event) => `${event.connectionId} ${event.type === 'connected' ? '+' : event.reason}`);

describe('looking', () => {
  test('tells what waits, is parked and is open, also while an adapter runs on it', async () => {
    await givenAJournal();
    await closed();
    const view = inspectJournal(file);
    expect(view.status()).toEqual({
      inUse: false,
      bytes: expect.any(Number) as number,
      openSessions: 3,
      openLeases: 0,
      sinks: [
        { sink: 'events', waiting: 1, oldestAt: connected('untold').event.at, parked: 1 },
        { sink: 'webhook', waiting: 1, oldestAt: connected('told').event.at, parked: 0 },
      ],
    });
    expect([...view.unconfirmed()]).toEqual([
      { sink: 'webhook', event: connected('told').event },
      { sink: 'events', event: connected('untold').event },
      { sink: 'events', event: connected('odd').event, parkedFor: 'no such address' },
    ]);
    view.close();

    await givenAJournal();
    const live = inspectJournal(file);
    expect(live.status()).toMatchObject({ inUse: true, openSessions: 6 });
    live.close();
  });

  test('a journal that an earlier version left is read as it is, and stays as it is', async () => {
    await givenAJournal();
    await closed();
    const database = new DatabaseSync(file);
    database.exec('DROP TABLE proof; PRAGMA user_version = 1');
    const view = inspectJournal(file);
    expect(view.status()).toMatchObject({ openSessions: 3, sinks: [{ waiting: 1 }, { waiting: 1 }] });
    expect([...view.unconfirmed()]).toHaveLength(3);
    view.close();
    expect(schemaVersion(database)).toBe(1);
    database.close();
  });

  test.each([0, schemaSteps.length + 1])('one of schema version %i is none', (version) => {
    const database = new DatabaseSync(file);
    database.exec(`CREATE TABLE event (seq INTEGER); PRAGMA user_version = ${version}`);
    database.close();
    expect(() => inspectJournal(file)).toThrow(`not a journal (schema version ${version}`);
  });

  test('what is no journal is named', () => {
    expect(() => inspectJournal(file)).toThrow('no such file');
    expect(() => inspectJournal(dirname(file))).toThrow('is not a regular file');
    expect(() => isJournalInUse(dirname(file))).toThrow('is not a regular file');
    writeFileSync(file, 'something else, and long enough for a header of SQLite'.repeat(10));
    expect(() => inspectJournal(file)).toThrow('not a journal');
  });
});

describe('settling', () => {
  test('sends what waits and what was parked, in order, and leaves the rest', async () => {
    await givenAJournal();
    await closed();
    const sink = new RecordingSink('events');
    expect(await settleJournal(file, { bury: false }, environment(sink))).toEqual({
      buried: 0,
      delivered: 2,
      parked: 0,
      left: 0,
    });
    expect(inWords(sink.events)).toEqual(['untold +', 'odd +']);
    const view = inspectJournal(file);
    expect(view.status()).toMatchObject({ openSessions: 3, sinks: [{ sink: 'webhook', waiting: 1 }] });
    view.close();
  });

  test('what is refused again stays parked; what is not confirmed in time stays', async () => {
    await givenAJournal();
    await closed();
    const refuses = new RecordingSink('events', ({ event }) =>
      event.connectionId === 'odd' ? refused : { status: 'retryable', cause: new Error('away') },
    );
    const clock = new ManualClock();
    const over = settleJournal(file, { bury: false }, { ...environment(refuses), clock });
    await expect.poll(() => refuses.attempts.length).toBeGreaterThan(1);
    await settled();
    await clock.advanceAsync(60_000);
    expect(await over).toMatchObject({ delivered: 0, parked: 1, left: 1 });
    const view = inspectJournal(file);
    expect(view.status().sinks[0]).toMatchObject({ sink: 'events', waiting: 1, parked: 1 });
    view.close();
  });

  test('burying ends what is open, once, after what waits, with honest bounds', async () => {
    await givenAJournal();
    await closed();
    const sink = new RecordingSink('events');
    expect(await settleJournal(file, { bury: true }, environment(sink))).toMatchObject({
      buried: 3,
      delivered: 5,
    });
    expect(inWords(sink.events).toSorted()).toEqual([
      'odd +',
      'odd buried',
      'told buried',
      'untold +',
      'untold buried',
    ]);
    const told = sink.events.find(({ connectionId }) => connectionId === 'told');
    expect(told).toMatchObject({
      initiator: 'operator',
      clean: false,
      epoch: connected('told').event.epoch,
      lastSeen: connected('told').event.at + 5_000,
    });
    expect(await settleJournal(file, { bury: true }, environment(new RecordingSink('events')))).toMatchObject(
      {
        buried: 0,
        delivered: 0,
      },
    );
  });

  test('burying says how many connections of the device were left out', async () => {
    await givenAJournal();
    const { tenant, device } = connected('told').event.device;
    journal?.leaveOut('events', [], { sink: 'events', tenant, device: deviceNumber(device), pairs: 3 });
    await closed();
    const sink = new RecordingSink('events');
    await settleJournal(file, { bury: true }, environment(sink));
    expect(
      sink.events.find((event) => event.type === 'disconnected' && event.connectionId === 'told'),
    ).toMatchObject({
      coalesced: 3,
    });
  });

  test('is refused while an adapter runs on the journal', async () => {
    await givenAJournal();
    const sink = new RecordingSink('events');
    await expect(settleJournal(file, { bury: true }, environment(sink))).rejects.toThrow(
      'another process has it open',
    );
  });

  test('connections that somebody knows of can be buried without a journal', async () => {
    const sink = new RecordingSink('events');
    const clock = new ManualClock('2026-12-01T00:00:00Z');
    const told = await buryConnections([connected('a').event], { ...environment(sink), clock });
    expect(told).toMatchObject({ buried: 1, delivered: 1 });
    expect(sink.events).toMatchObject([
      {
        type: 'disconnected',
        reason: 'buried',
        connectionId: 'a',
        lastSeen: connected('a').event.at,
        at: clock.now(),
      },
    ]);
  });
});
