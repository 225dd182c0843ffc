import { ManualClock } from '@rollcall/conformance';
import { nastyStrings } from '@rollcall/conformance/hostile';
import { deviceRef, type ConnectionId, type EventId, type Timestamp } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';
import { describe, expect, onTestFinished, test } from 'vitest';
import { whyUnstorable } from '../following/unstorable.ts';
import { deviceJson } from '../http/device-json.ts';
import { openApi } from '../openapi/open-api.ts';
import type { PresenceStore } from '../store/presence-store.ts';
import { ChangeFeed } from '../watching/change-feed.ts';
import { connected, connectionId, disconnected } from './received.ts';
import { startApi } from './start-api.ts';

/** Which no database makes shorter. */
function long(length: number): string {
  return longest.slice(0, length);
}

const longest = Array.from({ length: 30_000 }, (_, at) => ((at * 7_919) % 1_679_616).toString(36)).join('');

type Event = ReturnType<typeof connected>;
type Facts = Partial<Event>;

/** An event with one text of this length. */
const fields: Readonly<Record<string, (text: string, event: Event) => Facts>> = {
  tenant: (text, { device }) => ({ device: deviceRef(text, device.device) }),
  device: (text, { device }) => ({ device: deviceRef(device.tenant, text) }),
  'event-id': (text) => ({ id: text as EventId }),
  'connection-id': (text) => ({ connectionId: text as ConnectionId }),
  protocol: (text) => ({ protocol: text }),
  source: (text, { adapter }) => ({ adapter: { ...adapter, type: text } }),
  'adapter-id': (text, { adapter }) => ({ adapter: { ...adapter, id: text } }),
  'adapter-instance': (text, { adapter }) => ({ adapter: { ...adapter, instance: text } }),
  'remote-id': (text) => ({ remoteId: text }),
  'remote-address': (text) => ({ remoteAddress: text }),
  slot: (text) => ({ slot: text }),
};

/** Whatever text an event has: it is kept and every question is answered, or it is left out at the door. */
export function describeLongText(kind: string, open: (clock: Clock) => Promise<PresenceStore>): void {
  async function given() {
    const clock = new ManualClock('2026-11-28T12:00:00.000Z');
    const store = await open(clock);
    onTestFinished(() => store.close());
    const feed = new ChangeFeed(store, deviceJson);
    onTestFinished(() => feed.close());
    const { get, failures } = await startApi({ store, feed });
    const asked = async (tenant: string, device: string): Promise<void> => {
      for (const [path, { get: question }] of Object.entries(
        openApi.paths as Readonly<Record<string, { readonly get?: object }>>,
      )) {
        if (!question || path.endsWith('/watch')) continue;
        const query = path.endsWith('/at') ? '?time=2026-11-28T11:30:00Z' : '';
        const url = path
          .replace('{tenant}', encodeURIComponent(tenant))
          .replace('{device}', encodeURIComponent(device));
        const response = await get(url + query);
        expect([path, response.status]).toEqual([path, 200]);
        await response.arrayBuffer();
      }
      expect(failures).toEqual([]);
    };
    return { store, clock, asked, get, failures };
  }

  describe(`${kind}:`, () => {
    test.each(
      Object.keys(fields).flatMap((field) => [256, 1_024, 100_000].map((length) => ({ field, length }))),
    )('an event whose $field has $length characters is stored, or left out', async ({ field, length }) => {
      const { store, clock, asked } = await given();
      const at = (clock.now() - 3_000_000) as Timestamp;
      const plain = connected({ at, connectionId: connectionId(1) });
      const begin = { ...plain, ...fields[field]?.(long(length), plain) };
      const isKept = whyUnstorable(begin) === undefined;
      // Fields within JSON are bounded by the body of their event.
      if (['remote-id', 'remote-address', 'slot'].includes(field)) expect(isKept).toBe(true);
      const end = disconnected(begin, { raw: { code: long(length), text: long(length) } });
      if (isKept)
        await store.apply([begin, { ...begin, announcement: true, announceIntervalMs: 60_000 }, end]);
      const other = connected({ at, connectionId: connectionId(2), device: deviceRef('acme', 'other') });
      await store.apply([other, disconnected(other, { raw: { text: '\0\ud800' } })]);
      const { tenant, device } = isKept ? begin.device : other.device;
      await asked('acme', 'other');
      if (isKept) await asked(tenant, device);
      expect((await store.endings(tenant, { fromMs: 0, toMs: clock.now(), limit: 10 })).endings).toHaveLength(
        isKept && tenant === 'acme' ? 2 : 1,
      );
      clock.advance(90 * 86_400_000);
      await store.sweep();
      await store.dropOld({ defaultMs: 1, tenantMs: new Map() });
    });

    test('devices with any ids are listed page by page, and each is found by its id', async () => {
      const { store, clock, get, failures } = await given();
      const at = (clock.now() - 3_000_000) as Timestamp;
      const ids = [
        ...Object.values(nastyStrings),
        '\\'.repeat(1_024),
        '\u0001'.repeat(1_024),
        '\u{10FFFF}'.repeat(256),
      ]
        .filter((id) => id.isWellFormed() && !id.includes('\0'))
        .toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
      for (const id of ids) {
        // A longer connection-id would make the event too long.
        const connection = { connectionId: id.slice(0, 64) as ConnectionId, device: deviceRef('acme', id) };
        const [first, second] = [connected({ at, ...connection }), connected({ at, ...connection })];
        const again = { ...second, connectionId: `${connection.connectionId}2` as ConnectionId };
        expect([id, whyUnstorable(first), whyUnstorable(again)]).toEqual([id, undefined, undefined]);
        await store.apply([first, disconnected(first), again]);
      }
      const pages = async (path: string, name: string): Promise<readonly { readonly device: string }[]> => {
        const found: { readonly device: string }[] = [];
        for (let cursor = ''; ;) {
          const page = (await (await get(`${path}?limit=1${cursor}`)).json()) as Record<string, never>;
          expect(page).toHaveProperty(name);
          found.push(...((page[name] ?? []) as { readonly device: string }[]));
          if (!('next' in page)) return found;
          cursor = `&cursor=${encodeURIComponent(String(page['next']))}`;
        }
      };
      const tenant = '/v1/tenants/acme';
      expect((await pages(`${tenant}/devices`, 'devices')).map(({ device }) => device)).toEqual(ids);
      const left = (await pages(`${tenant}/endings`, 'endings')).map(({ device }) => device);
      expect(left).toEqual(ids.toReversed());
      for (const id of ids) {
        const path = `${tenant}/devices/${encodeURIComponent(id)}`;
        expect(await (await get(path)).json()).toMatchObject({ device: id, status: 'online' });
        expect(await pages(`${path}/history`, 'connections')).toHaveLength(2);
        const alike = (await (await get(`${tenant}/devices?q=${encodeURIComponent(id)}`)).json()) as object;
        expect(alike).toMatchObject({ devices: [{ device: id }] });
      }
      expect(failures).toEqual([]);
    });

    test('an event is stored if all of its texts are as long as allowed', async () => {
      const { store, clock, asked } = await given();
      const wide = (bytes: number): string =>
        Array.from({ length: bytes / 4 }, (_, at) =>
          String.fromCodePoint(0x2_0000 + ((at * 7_919) % 40_000)),
        ).join('');
      const begin = connected({
        at: (clock.now() - 3_000_000) as Timestamp,
        device: deviceRef(wide(1_024), wide(1_024)),
        connectionId: wide(256) as ConnectionId,
        protocol: wide(256),
        adapter: { type: wide(256), id: wide(256), instance: wide(256) },
        // As long as the index over slots allows.
        slot: '漢'.repeat(80),
        remoteId: wide(60_000),
      });
      const end = disconnected(begin, { id: wide(256) as EventId, reason: wide(256) });
      expect([begin, end].map(whyUnstorable)).toEqual([undefined, undefined]);
      await store.apply([begin]);
      await store.apply([end]);
      await asked(begin.device.tenant, begin.device.device);
    });
  });
}
