import { createPresenceTable, type DevicePresence } from '@rollcall/client';
import { ManualClock, seededRandom } from '@rollcall/conformance';
import { nastyStrings } from '@rollcall/conformance/hostile';
import { deviceRef, type ConnectionId, type Epoch, type EventId, type Timestamp } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';
import type {
  HonoConnectionEvent,
  ReceivedConnected,
  ReceivedDisconnected,
  ReceivedEvent,
} from '@rollcall/hono-wire';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connected, connectionId, disconnected } from './received.ts';
import type { EndingPlace, EndingsPage, EndingsQuery, PresenceStore } from '../store/presence-store.ts';
import { StoreUnavailable } from '../store/store-unavailable.ts';

const announceIntervalMs = 3_600_000;
const device = deviceRef('acme', 'thermostat-7');

/** A database that may be opened again, and by several at a time where its kind allows that. */
export interface DatabaseUnderTest {
  open(clock: Clock, maxChanges?: number): Promise<PresenceStore>;
}

/** What must be the same, whatever the order of open connections. */
function comparable(presence: DevicePresence | undefined): unknown {
  if (presence?.status === 'offline') return { ...presence, ending: presence.ending.id };
  return presence && { ...presence, connections: presence.connections.map(({ connectionId: id }) => id) };
}

/** Events of some connections of a few devices over a few adapters, with slots, takeovers, clocks that differ, and endings told twice. */
export function stream(seed: number): readonly (ReceivedEvent | HonoConnectionEvent)[] {
  const { pick } = seededRandom(seed);
  const events: (ReceivedEvent | HonoConnectionEvent)[] = [];
  const begin = Date.parse('2026-11-28T08:00:00Z');
  for (let number = 0; number < 30; number += 1) {
    const adapter = { type: pick(2) === 0 ? 'hono-mqtt' : 'hono-http', id: `a-${pick(3)}`, instance: 'i' };
    const atMs = begin + number * 90_000 + pick(200_000);
    const facts = {
      device: deviceRef('acme', `d-${pick(3)}`),
      adapter,
      connectionId: connectionId(number),
      at: atMs as Timestamp,
      epoch: `${atMs.toString(16).padStart(12, '0')}${pick(9_999).toString().padStart(4, '0')}` as Epoch,
      ...(pick(2) === 0 && { slot: `s-${pick(2)}` }),
    };
    const one = connected(facts);
    events.push(one);
    if (pick(3) === 0) events.push({ ...one, announcement: true, announceIntervalMs });
    for (let ending = pick(3); ending > 0; ending -= 1)
      events.push(
        disconnected(one, {
          id: `end-${number}-${ending}` as EventId,
          at: (atMs + pick(500_000)) as Timestamp,
          ...(pick(2) === 0 && {
            endedEpoch: `${(atMs + pick(500_000)).toString(16).padStart(12, '0')}0000` as Epoch,
          }),
        }),
      );
  }
  if (seed % 3 === 0)
    events.push({
      type: 'hono',
      cause: 'connected',
      device: deviceRef('acme', 'd-0'),
      remoteId: 'x',
      source: 'hono-lora',
    });
  return events;
}

function shuffled<Item>(items: readonly Item[], seed: number): readonly Item[] {
  const { pick } = seededRandom(seed);
  const left = [...items];
  return items.flatMap(() => left.splice(pick(left.length), 1));
}

/**
 * The contract of a store. Called from the tests of each: `describeStore('SQLite', 40, newDatabase)`.
 *
 * @param streams that are folded in any order.
 */
export function describeStore(
  kind: string,
  streams: number,
  newDatabase: () => Promise<DatabaseUnderTest>,
): void {
  async function given(
    database?: DatabaseUnderTest,
    clock = new ManualClock('2026-11-28T12:00:00Z'),
    maxChanges?: number,
  ) {
    const store = await (database ?? (await newDatabase())).open(clock, maxChanges);
    onTestFinished(() => store.close());
    return { store, clock, statusOf: async () => (await store.get([device]))[0]?.presence.status };
  }

  describe(`${kind}:`, () => {
    describe('the fold into the database', () => {
      test.each(Array.from({ length: streams }, (_, seed) => seed))(
        'is that of the presence table, whatever the order, the repetitions and the batches (seed %i)',
        async (seed) => {
          const { store, clock } = await given();
          const table = createPresenceTable({ clock });
          const events = stream(seed);
          for (const event of events) table.apply(event);
          const { pick } = seededRandom(seed + 1_000);
          const again = shuffled([...events, ...events.filter(() => pick(3) === 0)], seed + 2_000);
          for (let start = 0; start < again.length;) {
            const size = 1 + pick(8);
            await store.apply(again.slice(start, start + size));
            // A batch may be written twice: it was committed, and the network did not hear of it.
            if (pick(4) === 0) await store.apply(again.slice(start, start + size));
            start += size;
          }
          for (const name of ['d-0', 'd-1', 'd-2', 'never-seen']) {
            const ref = deviceRef('acme', name);
            const [stored] = await store.get([ref]);
            expect([name, comparable(stored?.presence)]).toEqual([name, comparable(table.get(ref))]);
          }
        },
      );

      test('is all of a batch, or nothing', async () => {
        const { store, statusOf } = await given();
        const broken = connected({ connectionId: connectionId(2), at: Number.NaN as Timestamp });
        await expect(store.apply([connected(), broken])).rejects.toThrow(Error);
        expect(await statusOf()).toBe('unknown');
      });
    });

    describe('a connection', () => {
      const announced = (facts: Partial<ReceivedConnected> = {}): ReceivedConnected => ({
        ...connected(),
        announcement: true,
        announceIntervalMs: 1_000,
        ...facts,
      });

      test('is unknown when its adapter has been silent for three intervals, and known again when it speaks', async () => {
        const { store, clock, statusOf } = await given();
        const position = await store.position('acme');
        await store.apply([announced()]);
        clock.advance(3_000);
        await store.sweep();
        expect(await statusOf()).toBe('online');
        clock.advance(1);
        await store.sweep();
        expect(await statusOf()).toBe('unknown');
        // Of another device: the adapter is there again.
        await store.apply([connected({ device: deviceRef('acme', 'other'), connectionId: connectionId(2) })]);
        await store.sweep();
        expect(await statusOf()).toBe('online');
        const log = await store.changes('acme', position, 100);
        expect(
          log !== 'gone' &&
            log.changes.map(({ device: { presence } }) => [presence.device.device, presence.status]),
        ).toEqual([
          ['thermostat-7', 'online'],
          ['thermostat-7', 'unknown'],
          ['other', 'online'],
          ['thermostat-7', 'online'],
        ]);
      });

      test('is known again when its adapter speaks, also where old connections were dropped meanwhile', async () => {
        const { store, clock, statusOf } = await given();
        const past = [3, 4].map((number) =>
          connected({
            device: deviceRef('acme', 'other'),
            connectionId: connectionId(number),
            at: (clock.now() - number * 200_000) as Timestamp,
          }),
        );
        await store.apply([announced(), ...past, ...past.map((begin) => disconnected(begin))]);
        clock.advance(3_001);
        await store.sweep();
        expect(await statusOf()).toBe('unknown');
        expect(await store.dropOld({ defaultMs: 1_000, tenantMs: new Map() })).toBe(1);
        await store.apply([connected({ device: deviceRef('acme', 'other'), connectionId: connectionId(2) })]);
        await store.sweep();
        expect(await statusOf()).toBe('online');
      });

      test('is unknown when three of its own announcements are missed, though its adapter announces others', async () => {
        const { store, clock, statusOf } = await given();
        await store.apply([announced()]);
        for (let round = 0; round < 4; round += 1) {
          clock.advance(1_000);
          await store.apply([
            announced({ device: deviceRef('acme', 'other'), connectionId: connectionId(2) }),
          ]);
          await store.sweep();
          expect(await statusOf()).toBe(round < 3 ? 'online' : 'unknown');
        }
        await store.apply([announced()]);
        expect(await statusOf()).toBe('online');
      });

      test('is unknown when its adapter went on with a new journal', async () => {
        const { store, statusOf } = await given();
        await store.apply([connected()]);
        const later = connected({
          device: deviceRef('acme', 'other'),
          connectionId: connectionId(2),
          epoch: 'ffff000000000000' as Epoch,
          adapter: { type: 'hono-mqtt', id: 'mqtt-0', instance: 'another' },
          journal: { state: 'new' },
        });
        await store.apply([later]);
        await store.sweep();
        expect(await statusOf()).toBe('unknown');
      });

      test('does not fall silent while the service itself is away', async () => {
        const database = await newDatabase();
        const first = await given(database);
        await first.store.apply([announced()]);
        first.clock.advance(1_000);
        await first.store.noteProgress({ replica: 'one', readThroughMs: 0 });
        await first.store.close();
        first.clock.advance(100_000);
        const second = await given(database, first.clock);
        await second.store.sweep();
        expect(await second.statusOf()).toBe('online');
        second.clock.advance(2_001);
        await second.store.sweep();
        expect(await second.statusOf()).toBe('unknown');
      });
    });

    describe('history', () => {
      test('comes page by page, the latest first, and is bounded by time', async () => {
        const { store } = await given();
        const begins = Array.from({ length: 7 }, (_, number) =>
          connected({ connectionId: connectionId(number), at: (1_000_000 + number * 200_000) as Timestamp }),
        );
        await store.apply(begins.flatMap((begin) => [begin, disconnected(begin)]));
        const seen: ConnectionId[] = [];
        let after: string | undefined;
        do {
          const page = await store.history(device, {
            fromMs: 0,
            toMs: 9e12,
            limit: 3,
            ...(after !== undefined && { after }),
          });
          seen.push(...page.connections.map(({ connection }) => connection.connectionId));
          after = page.next;
        } while (after !== undefined);
        expect(seen).toEqual(begins.map((begin) => begin.connectionId).toReversed());
        const one = await store.history(device, { fromMs: 1_250_000, toMs: 1_250_000, limit: 10 });
        expect(one.connections.map(({ connection }) => connection.connectionId)).toEqual([connectionId(1)]);
        // A text that was no cursor is a place behind all of them.
        expect(await store.history(device, { fromMs: 0, toMs: 9e12, limit: 3, after: 'none' })).toEqual({
          connections: [],
        });
      });

      test('is dropped when it is old, but not when the device left; what comes late of it opens nothing', async () => {
        const { store, clock, statusOf } = await given();
        const begins = [1, 2].map((number) =>
          connected({
            connectionId: connectionId(number),
            at: (clock.now() + number * 200_000) as Timestamp,
            epoch: `01a2076b4400000${number}` as Epoch,
          }),
        );
        await store.apply(begins.flatMap((begin) => [begin, disconnected(begin)]));
        clock.advance(86_400_000);
        expect(await store.dropOld({ defaultMs: 1_000, tenantMs: new Map([['acme', 3_600_000]]) })).toBe(1);
        expect(await store.dropOld({ defaultMs: 1_000, tenantMs: new Map() })).toBe(0);
        expect((await store.history(device, { fromMs: 0, toMs: 9e12, limit: 10 })).connections).toHaveLength(
          1,
        );
        const [first] = begins;
        if (first) await store.apply([{ ...first, announcement: true }]);
        expect(await statusOf()).toBe('offline');
      });

      test('that is dropped takes with it what it took over: no ghost comes back', async () => {
        const { store, clock, statusOf } = await given();
        const at = (number: number): Partial<ReceivedConnected> => {
          const atMs = clock.now() + number * 200_000;
          const epoch = `${atMs.toString(16).padStart(12, '0')}0000` as Epoch;
          return { connectionId: connectionId(number), at: atMs as Timestamp, epoch };
        };
        const ghost = connected({ ...at(0), slot: 'one' });
        const successor = connected({ ...at(1), slot: 'one' });
        const last = connected({ ...at(2), slot: 'other' });
        await store.apply([ghost, successor, disconnected(successor), last, disconnected(last)]);
        expect(await statusOf()).toBe('offline');
        clock.advance(86_400_000);
        expect(await store.dropOld({ defaultMs: 1_000, tenantMs: new Map() })).toBe(1);
        const later = connected(at(3));
        await store.apply([later, disconnected(later)]);
        expect(await statusOf()).toBe('offline');
        // Nor where it is said again.
        await store.apply([ghost]);
        expect(await statusOf()).toBe('offline');
      });

      test('of a device that is forgotten is gone, in the log too', async () => {
        const { store, statusOf } = await given();
        const begin = connected({ remoteId: 'secret' });
        const position = await store.position('acme');
        await store.apply([begin, disconnected(begin)]);
        expect([await store.forget(device), await store.forget(device)]).toEqual([true, false]);
        expect(await statusOf()).toBe('unknown');
        expect((await store.history(device, { fromMs: 0, toMs: 9e12, limit: 10 })).connections).toEqual([]);
        expect(JSON.stringify(await store.changes('acme', position, 10))).not.toContain('secret');
      });

      test('of a device that is forgotten is gone however many it had, and meanwhile others have a turn', async () => {
        const { store, statusOf } = await given();
        const ended = Array.from({ length: 500 }, (_, number) =>
          connected({ connectionId: `c-${number}` as ConnectionId, slot: 's' }),
        ).flatMap((begin) => [begin, disconnected(begin)]);
        await store.apply([...ended, connected({ connectionId: 'open' as ConnectionId, slot: 't' })]);
        let turns = 0;
        setImmediate(() => (turns += 1));
        expect(await store.forget(device)).toBe(true);
        expect(turns).toBe(1);
        expect(await statusOf()).toBe('unknown');
        expect((await store.history(device, { fromMs: 0, toMs: 9e12, limit: 10 })).connections).toEqual([]);
        expect(await store.forget(device)).toBe(false);
      });
    });

    describe('the log of changes', () => {
      test('has what changed, of one tenant, once; what is only said again changes nothing', async () => {
        const { store } = await given();
        const begin = connected();
        const position = await store.position('acme');
        let wakes = 0;
        store.onWake(() => (wakes += 1));
        await store.apply([begin, connected({ device: deviceRef('other', 'd') })]);
        await store.apply([begin]);
        const read = await store.changes('acme', position, 10);
        expect(read !== 'gone' && read.changes.map(({ device: { presence } }) => presence.status)).toEqual([
          'online',
        ]);
        expect(await store.changes('acme', read === 'gone' ? '' : read.position, 10)).toMatchObject({
          changes: [],
        });
        await expect.poll(() => wakes, { timeout: 30_000 }).toBeGreaterThan(0);
      });

      test('knows its own ids, also after it was opened again, and no others', async () => {
        const database = await newDatabase();
        const first = await given(database);
        await first.store.apply([connected()]);
        const position = await first.store.position('acme');
        await first.store.close();
        const { store } = await given(database);
        expect(await store.changes('acme', position, 10)).toMatchObject({ changes: [] });
        const foreign = await (await given()).store.position('acme');
        for (const id of [
          foreign,
          '',
          '-1',
          `${position}0`,
          position.replace('-', ''),
          `${position};`,
          '0-0',
          'x-1',
        ])
          expect([id, await store.changes('acme', id, 10)]).toEqual([id, 'gone']);
      });

      test('reaches back over a bounded number of changes', async () => {
        const { store } = await given(await newDatabase(), new ManualClock(), 50);
        const position = await store.position('acme');
        for (let batch = 0; batch < 6; batch += 1)
          await store.apply(
            Array.from({ length: 10 }, (_, number) =>
              connected({
                device: deviceRef('acme', `d-${batch}-${number}`),
                connectionId: `${batch}-${number}` as ConnectionId,
              }),
            ),
          );
        expect(await store.changes('acme', position, 1)).not.toBe('gone');
        expect(await store.dropOld({ defaultMs: 1e12, tenantMs: new Map() })).toBe(10);
        expect(await store.changes('acme', position, 1)).toBe('gone');
      });
    });

    describe('lists and counts', () => {
      test('filters by what is known of a device', async () => {
        const { store, clock } = await given();
        const at = clock.now();
        const gone = connected({ device: deviceRef('acme', 'gone'), connectionId: connectionId(1), at });
        await store.apply([
          gone,
          disconnected(gone, { protocol: 'AMQP 1.0' }),
          connected({ device: deviceRef('acme', 'here'), connectionId: connectionId(2), at }),
          connected({
            device: deviceRef('acme', 'here-too'),
            connectionId: connectionId(3),
            at: (at + 50) as Timestamp,
          }),
        ]);
        const names = async (query: object): Promise<readonly string[]> =>
          (await store.list('acme', { limit: 10, ...query })).devices.map(
            ({ presence }) => presence.device.device,
          );
        expect(await names({})).toEqual(['gone', 'here', 'here-too']);
        expect(await names({ status: 'online' })).toEqual(['here', 'here-too']);
        expect(await names({ reason: 'keepalive-timeout' })).toEqual(['gone']);
        expect(await names({ protocol: 'AMQP 1.0' })).toEqual(['gone']);
        expect(await names({ sinceMs: at + 1, status: 'online' })).toEqual(['here-too']);
        expect(await names({ q: 'here-' })).toEqual(['here-too']);
        expect(await names({ q: 'ere' })).toEqual([]);
        expect(await names({ after: 'gone' })).toEqual(['here', 'here-too']);
        expect(await store.list('other', { limit: 10 })).toEqual({ devices: [] });
        expect(await store.summary('acme', { flapsPerHour: 1 })).toEqual({
          byStatus: { online: 2, offline: 1, unknown: 0 },
          byProtocol: { 'MQTT 5.0': 2 },
          byReason: { 'keepalive-timeout': 1 },
          byAdapter: { 'mqtt-0': 2 },
          flapping: [{ device: deviceRef('acme', 'gone'), changes: 2 }],
        });
      });
    });

    describe('endings of a tenant', () => {
      const at = Date.parse('2026-11-28T11:00:00Z');
      const ended = (number: number, endedMs: number, facts: Partial<ReceivedDisconnected> = {}) => {
        const begin = connected({
          device: deviceRef('acme', `d-${number}`),
          connectionId: connectionId(number),
          at: (endedMs - 100_000) as Timestamp,
        });
        return disconnected(begin, { at: endedMs as Timestamp, ...facts });
      };
      const hour = { fromMs: at, toMs: at + 3_600_000, limit: 100 };
      const namesOf = ({ endings }: EndingsPage): readonly string[] =>
        endings.map(({ device: { device: name } }) => name);

      test('are those of the period, the latest first, with what the device is now', async () => {
        const { store } = await given();
        await store.apply([
          ended(1, at),
          ended(2, at + 1, { reason: 'client-closed' }),
          ended(3, at + 3_600_000, { reason: 'adapter-lost', uncertaintyMs: 5_000 }),
          ended(4, at + 3_600_001),
          ended(5, at + 10, { device: deviceRef('other', 'd-5') }),
          connected({
            device: deviceRef('acme', 'd-2'),
            connectionId: connectionId(20),
            at: (at + 5) as Timestamp,
          }),
          connected({ device: deviceRef('acme', 'd-6'), connectionId: connectionId(6), at: at as Timestamp }),
        ]);
        const page = await store.endings('acme', hour);
        expect(page.next).toBeUndefined();
        expect(
          page.endings.map(({ device: { device: name }, status, ending }) => [
            name,
            status,
            ending.reason,
            ending.at - at,
            ending.uncertaintyMs,
          ]),
        ).toEqual([
          ['d-3', 'offline', 'adapter-lost', 3_600_000, 5_000],
          ['d-2', 'online', 'client-closed', 1, 45_000],
        ]);
        expect(await store.endings('nobody', hour)).toEqual({ endings: [] });
      });

      test('may be those for a reason, over a protocol, of an adapter', async () => {
        const { store } = await given();
        const adapter = { type: 'hono-amqp', id: 'amqp-0', instance: 'i' };
        await store.apply([
          ended(1, at + 1, { reason: 'client-closed' }),
          ended(2, at + 2, { reason: 'client-closed', protocol: 'AMQP 1.0', adapter }),
          // With what PostgreSQL reads no JSON of.
          ended(3, at + 3, { protocol: 'AMQP 1.0', slot: 'a\0b\\', remoteId: '\ud800', adapter }),
        ]);
        const found = async (filter: Partial<EndingsQuery>) =>
          namesOf(await store.endings('acme', { ...hour, ...filter }));
        expect(await found({ reason: 'client-closed' })).toEqual(['d-2', 'd-1']);
        expect(await found({ protocol: 'AMQP 1.0' })).toEqual(['d-3', 'd-2']);
        expect(await found({ adapterId: 'amqp-0', reason: 'client-closed' })).toEqual(['d-2']);
        expect(await found({ reason: 'buried' })).toEqual([]);
        const counted = await store.timeline('acme', { ...hour, stepMs: 60_000 });
        expect(counted.endings).toEqual({ 'client-closed': 2, 'keepalive-timeout': 1 });
      });

      test('stand on one page each, also those of one instant, while more come and some are moved', async () => {
        const { store } = await given();
        const some = Array.from({ length: 40 }, (_, number) => ended(number, at + 1_000 + (number % 3)));
        await store.apply(some);
        // Several connections of one device that ended together.
        await store.apply(
          [100, 101, 102, 103].map((number) =>
            ended(number, at + 1_001, { device: deviceRef('acme', 'd-7') }),
          ),
        );
        const seen: string[] = [];
        let after: EndingPlace | undefined;
        for (let page = 0; page < 30; page += 1) {
          const read = await store.endings('acme', { ...hour, limit: 3, ...(after && { after }) });
          expect(read.endings.length).toBeLessThanOrEqual(3);
          seen.push(...read.endings.map(({ ending }) => ending.connectionId));
          await store.apply([ended(200 + page, at + 2_000 + page), ended(300 + page, at + 1)]);
          after = read.next;
          if (!after) break;
        }
        expect(new Set(seen).size).toBe(seen.length);
        for (const { connectionId: id } of some) expect(seen).toContain(id);
        for (const number of [100, 101, 102, 103]) expect(seen).toContain(connectionId(number));
      });

      test('that few fit are found page by page, of which some are empty', async () => {
        const { store } = await given();
        const many = Array.from({ length: 4_100 }, (_, number) => ended(number, at + 10 + number));
        for (let start = 0; start < many.length; start += 500)
          await store.apply(many.slice(start, start + 500));
        await store.apply([ended(9_000, at + 1, { reason: 'buried' })]);
        const first = await store.endings('acme', { ...hour, reason: 'buried' });
        expect(namesOf(first)).toEqual([]);
        const { next } = first;
        const second = await store.endings('acme', {
          ...hour,
          reason: 'buried',
          ...(next && { after: next }),
        });
        expect([namesOf(second), second.next]).toEqual([['d-9000'], undefined]);
        // Exactly as many as fit into a page, and no more.
        const last = await store.endings('acme', { ...hour, toMs: at + 14, limit: 5 });
        expect([
          last.endings.length,
          namesOf(await store.endings('acme', { ...hour, toMs: at + 14 })),
        ]).toEqual([5, ['d-4', 'd-3', 'd-2', 'd-1', 'd-0', 'd-9000']]);
      });
    });

    describe('text of others:', () => {
      /** Of 256 characters, as long as UTF-8 can be, and which no database makes shorter. */
      const long = Array.from({ length: 256 }, (_, at) =>
        String.fromCodePoint(0x2_0000 + ((at * 7_919) % 40_000)),
      ).join('');
      const ids = Object.entries({ ...nastyStrings, 'a quote': `o'brien"--;`, 'as long as may be': long })
        // No registry has such ids, and no network brings such text.
        .filter(([, text]) => text.isWellFormed() && !text.includes('\0'));

      test('a device whose tenant, id and slot have it comes, goes, and is found', async () => {
        const { store } = await given();
        for (const [what, id] of ids) {
          const [name, other] = [deviceRef(id, id), deviceRef(id, `${id}2`)];
          const position = await store.position(id);
          const short = id.slice(0, 100);
          const begin = connected({
            ...{ device: name, remoteId: id, slot: id, protocol: id, remoteAddress: id },
            adapter: { type: short, id: short, instance: short },
          });
          await store.apply([begin, connected({ device: other, connectionId: connectionId(2) })]);
          await store.apply([disconnected(begin, { reason: short })]);
          const [stored] = await store.get([name]);
          expect([what, stored?.presence.status, stored?.lastEnding?.remoteId]).toEqual([
            what,
            'offline',
            id,
          ]);
          const listed = async (query: object): Promise<readonly unknown[]> =>
            (await store.list(id, { limit: 10, ...query })).devices.map(({ presence }) => presence.device);
          expect(await listed({ q: id })).toEqual([name, other]);
          expect(await listed({ q: `${id}2` })).toEqual([other]);
          expect(await listed({ after: id })).toEqual([other]);
          expect(await listed({ protocol: id, reason: short })).toEqual([name]);
          const read = await store.changes(id, position, 10);
          expect(read !== 'gone' && read.changes.map((change) => change.device.presence.device)).toEqual([
            ...[name, other, name],
          ]);
          expect((await store.history(name, { fromMs: 0, toMs: 9e12, limit: 10 })).connections).toHaveLength(
            1,
          );
        }
        const tenants = ids
          .map(([, id]) => id)
          .toSorted((one, two) => Buffer.compare(Buffer.from(one), Buffer.from(two)));
        expect(await store.tenants({ limit: 100 })).toEqual(tenants);
        for (const [, id] of ids) expect(await store.forget(deviceRef(id, id))).toBe(true);
      });

      test.each([
        [
          'longer than a tree can hold',
          Array.from({ length: 20_000 }, (_, at) => (at * 7_919).toString(36))
            .join('')
            .slice(0, 60_000),
        ],
        ['with U+0000', 'a\0b'],
      ])('a slot %s is held by one connection at a time', async (_what, slot) => {
        const { store, clock, statusOf } = await given();
        const holder = (number: number, held: string) => {
          const atMs = clock.now() + number * 200_000;
          return connected({
            connectionId: connectionId(number),
            at: atMs as Timestamp,
            epoch: `${atMs.toString(16).padStart(12, '0')}0000` as Epoch,
            slot: held,
          });
        };
        const [first, second, other] = [holder(1, slot), holder(2, slot), holder(3, `${slot}!`)];
        await store.apply([first, second, other]);
        const [stored] = await store.get([device]);
        expect(stored?.presence).toMatchObject({
          connections: [{ connectionId: second.connectionId, slot }, { connectionId: other.connectionId }],
        });
        await store.apply([disconnected(second), disconnected(other)]);
        expect(await statusOf()).toBe('offline');
      });
    });

    describe('instances of adapters:', () => {
      const ofAdapter = (id: string, instance: string) => ({ adapter: { type: 'hono-mqtt', id, instance } });

      test('each was heard when its own events or announcements came, whatever their order', async () => {
        const { store, clock } = await given();
        const one = connected({ ...ofAdapter('a', 'i-1'), connectionId: connectionId(1) });
        const begin = clock.now();
        await store.apply([{ ...one, announcement: true, announceIntervalMs }]);
        clock.advance(5_000);
        await store.apply([one, connected({ ...ofAdapter('a', 'i-2'), device: deviceRef('other', 'd') })]);
        const heard = { adapterId: 'a', adapterType: 'hono-mqtt', heardAtMs: begin + 5_000, connections: 1 };
        expect(await store.instances({ limit: 10 })).toEqual({
          instances: [
            { ...heard, instance: 'i-1', announcedAtMs: begin, announceIntervalMs },
            { ...heard, instance: 'i-2' },
          ],
        });
        clock.advance(-3_000);
        await store.apply([{ ...one, announcement: true, announceIntervalMs: 7_000 }]);
        expect((await store.instances({ instance: 'i-1', limit: 10 })).instances).toEqual([
          { ...heard, instance: 'i-1', announcedAtMs: begin + 2_000, announceIntervalMs: 7_000 },
        ]);
      });

      test('each has the connections that are open at it, whatever comes, and in which order', async () => {
        const { store, clock } = await given();
        const counted = async () =>
          Object.fromEntries(
            (await store.instances({ limit: 10 })).instances.map(({ instance, connections }) => [
              instance,
              connections,
            ]),
          );
        const begin = (number: number, instance: string, facts: Partial<ReceivedConnected> = {}) => ({
          ...connected({
            ...ofAdapter('a', instance),
            device: deviceRef(number % 2 === 0 ? 'acme' : 'other', `d-${number}`),
            connectionId: connectionId(number),
          }),
          ...facts,
        });
        const all = [0, 1, 2, 3].map((number) => begin(number, 'i-1'));
        await store.apply(all);
        await store.apply([...all, begin(4, 'i-2')]);
        expect(await counted()).toEqual({ 'i-1': 4, 'i-2': 1 });
        // An ending twice, one without a begin, and one whose begin comes again.
        const ends = all.slice(0, 2).map((one) => disconnected(one));
        await store.apply([...ends, ...ends, disconnected(begin(5, 'i-1'))]);
        await store.apply([...all.slice(0, 2), begin(5, 'i-1'), ...ends]);
        expect(await counted()).toEqual({ 'i-1': 2, 'i-2': 1 });
        // The next start of the adapter goes on with a connection, and announces it.
        await store.apply([begin(2, 'i-2', { announcement: true, announceIntervalMs: 1_000 })]);
        expect(await counted()).toEqual({ 'i-1': 1, 'i-2': 2 });
        expect(await store.forget(deviceRef('acme', 'd-2'))).toBe(true);
        expect(await counted()).toEqual({ 'i-1': 1, 'i-2': 1 });
        clock.advance(10 * announceIntervalMs);
        await store.sweep();
        await store.apply([begin(9, 'i-3')]);
        expect((await counted())['i-3']).toBe(1);
      });

      test('those of which nothing is heard any more are not among them, until they are heard again', async () => {
        const { store, clock } = await given();
        const one = {
          ...connected({ ...ofAdapter('a', 'i-1') }),
          announcement: true,
          announceIntervalMs: 1_000,
        };
        await store.apply([one]);
        const count = async () => (await store.instances({ limit: 10 })).instances[0]?.connections;
        expect(await count()).toBe(1);
        clock.advance(3_001);
        await store.sweep();
        expect(await count()).toBe(0);
        await store.apply([one]);
        expect(await count()).toBe(1);
      });

      test('what is told for a dead one is no sign that it lives; its own endings are', async () => {
        const { store, clock } = await given();
        const one = connected({ ...ofAdapter('a', 'i-1'), connectionId: connectionId(1) });
        await store.apply([one]);
        const begin = clock.now();
        clock.advance(5_000);
        await store.apply([
          disconnected(one, { reason: 'adapter-lost' }),
          disconnected(one, { reason: 'taken-over' }),
        ]);
        const heardAt = async () => (await store.instances({ limit: 10 })).instances[0]?.heardAtMs;
        expect(await heardAt()).toBe(begin);
        await store.apply([disconnected(one, { reason: 'taken-over', endedEpoch: one.epoch })]);
        expect(await heardAt()).toBe(begin + 5_000);
      });

      test('come page by page, of one adapter where that is asked, and are forgotten after a week of silence', async () => {
        const { store, clock } = await given();
        await store.apply(
          Array.from({ length: 5 }, (_, number) =>
            connected({ ...ofAdapter(`a-${number % 2}`, `i-${number}`), connectionId: connectionId(number) }),
          ),
        );
        const seen: string[] = [];
        let page = await store.instances({ limit: 2 });
        for (; page.next; page = await store.instances({ limit: 2, after: page.next }))
          seen.push(...page.instances.map(({ instance }) => instance));
        seen.push(...page.instances.map(({ instance }) => instance));
        expect(seen).toEqual(['i-0', 'i-2', 'i-4', 'i-1', 'i-3']);
        const ofOne = await store.instances({ adapterId: 'a-1', limit: 10 });
        expect(ofOne.instances.map(({ instance }) => instance)).toEqual(['i-1', 'i-3']);
        clock.advance(8 * 24 * 3_600_000);
        await store.dropOld({ defaultMs: 1e12, tenantMs: new Map() });
        expect(await store.instances({ limit: 10 })).toEqual({ instances: [] });
      });
    });

    describe('what was, over time', () => {
      const minute = 60_000;
      const online = async (store: PresenceStore, from: number, steps = 4) =>
        (
          await store.timeline('acme', { fromMs: from, toMs: from + steps * minute, stepMs: minute })
        ).points.map((point) => point.online);

      test('counts devices, not connections, at the end of each step', async () => {
        const { store, clock } = await given();
        const start = clock.now() - 600_000;
        const begin = (name: string, number: number, after: number) =>
          connected({
            device: deviceRef('acme', name),
            connectionId: connectionId(number),
            at: (start + after) as Timestamp,
          });
        const one = begin('a', 1, -1_000);
        await store.apply([
          one,
          // It overlaps with the first of the same device, which then ends.
          begin('a', 2, 30_000),
          disconnected(one, { at: (start + 90_000) as Timestamp }),
          begin('b', 3, minute),
          disconnected(begin('c', 4, 10_000), { at: (start + 50_000) as Timestamp, reason: 'client-closed' }),
          connected({
            device: deviceRef('other', 'a'),
            connectionId: connectionId(5),
            at: start as Timestamp,
          }),
        ]);
        const query = { fromMs: start, toMs: start + 2 * minute, stepMs: minute };
        expect(await store.timeline('acme', query)).toEqual({
          points: [
            { atMs: start, online: 1, unknown: 0 },
            { atMs: start + minute, online: 2, unknown: 0 },
            { atMs: start + 2 * minute, online: 2, unknown: 0 },
          ],
          endings: { 'keepalive-timeout': 1, 'client-closed': 1 },
        });
        expect(await store.timeline('nobody', query)).toMatchObject({ endings: {} });
      });

      test('a connection that was taken over without an ending is over when its slot was taken', async () => {
        const { store, clock } = await given();
        const start = clock.now() - 600_000;
        const holder = (number: number, after: number) =>
          connected({
            connectionId: connectionId(number),
            at: (start + after) as Timestamp,
            slot: 's',
            epoch: `${(start + after).toString(16).padStart(12, '0')}0000` as Epoch,
          });
        const second = holder(2, 90_000);
        await store.apply([
          holder(1, 0),
          second,
          disconnected(second, { at: (start + 150_000) as Timestamp, endedEpoch: second.epoch }),
        ]);
        expect(await online(store, start)).toEqual([1, 1, 1, 0, 0]);
      });

      test('lists the tenants of which a device is known, page by page', async () => {
        const { store } = await given();
        expect(await store.tenants({ limit: 10 })).toEqual([]);
        for (const [number, tenant] of ['c', 'a', 'Ä', 'a', 'b'].entries())
          await store.apply([
            connected({ device: deviceRef(tenant, `d-${number}`), connectionId: connectionId(number) }),
          ]);
        expect(await store.tenants({ limit: 10 })).toEqual(['a', 'b', 'c', 'Ä']);
        expect(await store.tenants({ limit: 2 })).toEqual(['a', 'b']);
        expect(await store.tenants({ limit: 2, after: 'b' })).toEqual(['c', 'Ä']);
      });
    });

    test('a database that no one followed for more than a minute is known to be older than the stream', async () => {
      const database = await newDatabase();
      const clock = new ManualClock('2026-11-28T12:00:00Z');
      const opened = async () => {
        const { store } = await given(database, clock);
        const { takenUp } = await store.progress();
        await store.noteProgress({ replica: 'own', readThroughMs: clock.now() });
        return { store, takenUp };
      };
      const first = await opened();
      expect(first.takenUp).toBeUndefined();
      clock.advance(5_000);
      await first.store.noteProgress({ replica: 'own', readThroughMs: clock.now() });
      const leftMs = clock.now();
      await first.store.close();
      clock.advance(60_000);
      const restarted = await opened();
      expect(restarted.takenUp).toBeUndefined();
      await restarted.store.close();
      clock.advance(60_001);
      const takenUp = { leftMs: leftMs + 60_000, atMs: clock.now() };
      const again = await opened();
      expect(again.takenUp).toEqual(takenUp);
      await again.store.close();
      // It stays known over a restart, and where the clock was set.
      clock.advance(10_000);
      const later = await opened();
      expect(later.takenUp).toEqual(takenUp);
      await later.store.close();
      clock.advance(-3_600_000);
      expect((await opened()).takenUp).toEqual(takenUp);
    });

    test('a store that is closed cannot answer now: that is nobody else’s fault', async () => {
      const { store } = await given();
      await store.close();
      await expect(store.get([device])).rejects.toBeInstanceOf(StoreUnavailable);
      await expect(store.apply([connected()])).rejects.toBeInstanceOf(StoreUnavailable);
    });
  });
}
