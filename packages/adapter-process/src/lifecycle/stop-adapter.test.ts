import { ManualClock, settled } from '@rollcall/conformance';
import { scriptedPassword } from '@rollcall/conformance/registry';
import { silentLog } from '@rollcall/core/environment';
import type { ConnectionEvent } from '@rollcall/core/events';
import type { Delivery } from '@rollcall/core/sink';
import { describe, expect, test } from 'vitest';
import { createHoldingJournal, createFileJournal, type JournalStore } from '@rollcall/outbox/testing';
import { startScripted, type ScriptedInTest } from '../testing/start-scripted.ts';
import type { TestSetting } from '../testing/start-for-test.ts';

const away = (): Delivery => ({ status: 'retryable', cause: new Error('network is away') });
const messages = ({ logged }: ScriptedInTest): readonly string[] => logged.map(({ message }) => message);

async function withSessions(count: number, setting: TestSetting = {}): Promise<ScriptedInTest> {
  const adapter = await startScripted(setting);
  for (let i = 0; i < count; i++) await adapter.begin({ remoteId: `unit-${i}` });
  return adapter;
}

describe('draining', () => {
  const settings = { drainPerSecond: 10, maxSessionsPerDevice: 0 };
  const ends = ({ sink }: ScriptedInTest): readonly ConnectionEvent[] =>
    sink.events.filter(({ type }) => type === 'disconnected');

  async function draining(count: number, graceMs: number) {
    const adapter = await withSessions(count, { settings });
    const anonymous = adapter.beginAnonymous();
    const stopping = adapter.running.stop({ graceMs });
    await settled();
    return { ...adapter, anonymous, stopping };
  }

  test('so many a second, in random order, anonymous ones too; it is over when all are gone', async () => {
    const adapter = await draining(29, 60_000);
    const gone = (): number => ends(adapter).length + adapter.anonymous.ended.length;
    for (const expected of [10, 20, 30]) {
      await adapter.clock.advanceAsync(1_000);
      await settled();
      expect(gone()).toBe(expected);
    }
    await adapter.stopping;
    expect(adapter.running.lost).toEqual([]);
    expect(adapter.anonymous.ended).toEqual(['adapter-shutdown']);
    const order = ends(adapter).map(({ remoteId }) => remoteId);
    expect(new Set(order).size).toBe(29);
    const begun = Array.from({ length: 29 }, (_, i) => `unit-${i}`);
    expect(order).not.toEqual(begun);
    expect(adapter.clock.armed).toBe(0);
  });

  test('what is left when the time is over ends at once', async () => {
    const adapter = await draining(100, 2_000);
    await adapter.clock.advanceAsync(1_990);
    await settled();
    expect(ends(adapter).length).toBeLessThan(20);
    await adapter.clock.advanceAsync(10);
    await settled();
    expect(ends(adapter)).toHaveLength(100);
    await adapter.stopping;
    expect(adapter.running.lost).toEqual([]);
    expect(messages(adapter)).toContain('time is up: the sessions that are left end at once');
  });

  test('nobody is let in, and the registry is followed on', async () => {
    const adapter = await draining(20, 60_000);
    const { host, registry } = adapter;
    const login = {
      username: 'valve-1@acme',
      password: Buffer.from(scriptedPassword),
      remoteIp: '192.0.2.1',
    };
    const result = await host.access.authenticate(login);
    expect(result.status === 'accepted' && host.access.admit(result.identity)).toMatchObject({
      reason: 'busy',
    });
    registry.disable('acme', 'thermostat-7');
    await settled();
    expect(new Set(ends(adapter).map((event) => event.type === 'disconnected' && event.reason))).toEqual(
      new Set(['access-revoked']),
    );
    await adapter.clock.advanceAsync(1_000);
    await adapter.stopping;
  });

  test('the events of those that went last have time to be confirmed', async () => {
    const adapter = await draining(30, 2_000);
    adapter.sink.answer = away;
    await adapter.clock.advanceAsync(2_000);
    await settled();
    adapter.sink.answer = () => ({ status: 'delivered' });
    await adapter.clock.advanceAsync(1_900);
    await adapter.stopping;
    expect(adapter.running.lost).toEqual([]);
  });
});

describe('what cannot be delivered', () => {
  test('and is in no journal is lost: after the whole grace, with its numbers', async () => {
    const adapter = await withSessions(2, { answer: away });
    let isOver = false;
    const stopping = adapter.running.stop({ graceMs: 5_000 }).finally(() => (isOver = true));
    await adapter.clock.advanceAsync(4_999);
    expect(isOver).toBe(false);
    await adapter.clock.advanceAsync(1);
    const lost = { sink: 'recording', events: 4, disconnected: 2 };
    await stopping;
    expect(adapter.running.lost).toEqual([lost]);
    expect(adapter.logged).toContainEqual({
      level: 'error',
      facts: lost,
      message: 'events are lost: they were not confirmed, and the journal does not have them',
    });
  });

  test.each([
    ['holds all of it', true, []],
    ['cannot be written', false, [{ sink: 'recording', events: 2, disconnected: 1 }]],
  ])('with a journal that %s', async (_what, holding, lost) => {
    const journal = createHoldingJournal();
    journal.holding = holding;
    const adapter = await withSessions(1, { answer: away, journal });
    const stopping = adapter.running.stop({ graceMs: 1_000 });
    await adapter.clock.advanceAsync(1_000);
    await stopping;
    expect(adapter.running.lost).toEqual(lost);
  });

  test('with a journal in a file that fails from some time on, what came since is lost', async () => {
    let failing = false;
    const store: JournalStore = {
      open: async () => ({ lastSeq: 0 }),
      read: async () => [] as never,
      async apply() {
        if (failing) throw new Error('disk I/O error');
      },
      async close() {},
    };
    const clock = new ManualClock();
    const journal = createFileJournal({ store, clock, log: silentLog, behindAfterMs: 50 });
    const adapter = await withSessions(3, { answer: away, journal, clock });
    await settled();
    failing = true;
    const stopping = adapter.running.stop({ graceMs: 1_000 });
    for (let i = 0; i < 10; i++) await clock.advanceAsync(1_000);
    await stopping;
    expect(adapter.running.lost).toEqual([{ sink: 'recording', events: 3, disconnected: 3 }]);
  });

  test('what was confirmed is not lost', async () => {
    const adapter = await withSessions(3);
    await adapter.running.stop({ graceMs: 1_000 });
    expect(adapter.running.lost).toEqual([]);
    expect(messages(adapter).filter((message) => message.includes('lost'))).toEqual([]);
  });
});
