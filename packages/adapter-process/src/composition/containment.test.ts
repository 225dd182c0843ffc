import { MemoryFleet } from '@rollcall/conformance/fleet';
import { startLeases } from '../testing/start-leases.ts';
import { ManualClock, settled } from '@rollcall/conformance';
import { scriptedPassword } from '@rollcall/conformance/registry';
import type { ConnectionTracker } from '@rollcall/core/tracker';
import { describe, expect, test } from 'vitest';
import { startScripted, type ScriptedInTest } from '../testing/start-scripted.ts';
import type { AuthenticatedDevice } from '@rollcall/access';
import type { OpenConnection } from '@rollcall/presence';

const login = {
  username: 'valve-1@acme',
  password: Buffer.from(scriptedPassword),
  remoteIp: '::1',
};

function curse(connection: OpenConnection<never>, signal: unknown): void {
  connection.report(signal as never);
}

describe('a tracker that throws', () => {
  test('has its device told as disconnected, once, and is asked nothing any more', async () => {
    const adapter = await startScripted();
    const victim = await adapter.begin({ username: 'valve-1@acme' });
    await adapter.begin();
    await adapter.clock.advanceAsync(5_000);
    victim.connection.report({ type: 'heard' });
    await adapter.clock.advanceAsync(7_000);
    // A signal that its reducer cannot read.
    for (const _ of [1, 2]) curse(victim.connection, null);
    await settled();
    expect(adapter.sink.events.map(({ type, device }) => `${type} ${device.device}`)).toEqual([
      'connected valve-1',
      'connected thermostat-7',
      'disconnected valve-1',
    ]);
    const { at = 0 } = adapter.sink.events[0] ?? {};
    expect(adapter.sink.events[2]).toMatchObject({
      lastSeen: at + 5_000,
      at: at + 12_000,
      uncertaintyMs: 0,
      reason: 'unspecified',
      initiator: 'adapter',
      clean: false,
    });
    expect(adapter.logged.filter(({ level }) => level === 'error')).toMatchObject([
      { facts: { where: 'tracker' } },
    ]);
    await adapter.running.stop({ graceMs: 0 });
    expect(adapter.clock.armed).toBe(0);
  });

  test.each(['alone', 'in a fleet'])(
    'of a device that holds a lease, %s: the device may have left at any time since it was heard',
    async (where) => {
      const clock = new ManualClock();
      const fleet = where === 'alone' ? undefined : new MemoryFleet(clock);
      const adapter = await startLeases({ clock, ...(fleet && { directory: fleet.create }) });
      const lease = await adapter.request();
      await lease.committed();
      await clock.advanceAsync(7_000);
      curse(lease, { type: 'heard-elsewhere' });
      await clock.advanceAsync(100);
      const [connected, ended] = adapter.sink.events;
      expect(ended).toMatchObject({
        reason: 'unspecified',
        lastSeen: connected?.at,
        uncertaintyMs: 7_000,
      });
      await adapter.running.stop({ graceMs: 0 });
    },
  );

  test('of a device that did not say who it is ends its connection too', async () => {
    const adapter = await startScripted();
    const { connection, ended } = adapter.beginAnonymous();
    curse(connection, null);
    expect(ended).toEqual(['unspecified']);
    await adapter.running.stop({ graceMs: 0 });
  });
});

const basis = { kind: 'session', detectWithinMs: null } as const;

const untilEnded: ConnectionTracker<null, 'begin'> = {
  initial: null,
  presence: () => undefined,
  reduce: (state, signal, at) => ({
    state,
    changes: [
      signal === 'begin' || signal.type === 'deadline'
        ? { type: 'connected', basis }
        : { type: 'disconnected', basis, reason: signal.reason, lastSeen: at },
    ],
  }),
};

async function identityIn(adapter: ScriptedInTest): Promise<AuthenticatedDevice> {
  const result = await adapter.host.access.authenticate(login);
  if (result.status !== 'accepted') throw new Error('refused');
  return result.identity;
}

test('an app that throws when it is told to close one connection keeps no other from ending', async () => {
  const adapter = await startScripted();
  const first = await adapter.begin();
  const ended: string[] = [];
  const identity = await identityIn(adapter);
  const cursed = adapter.host.presence.open(untilEnded, {
    identity,
    remoteId: 'x',
    protocol: 'test',
    onDisconnected({ reason }) {
      ended.push(reason);
      throw new Error('cursed');
    },
  });
  cursed.report('begin');
  const last = await adapter.begin({ remoteId: 'unit-2' });
  await adapter.running.stop({ graceMs: 0 });
  for (const each of [first.ended, ended, last.ended]) expect(each).toEqual(['adapter-shutdown']);
  expect(adapter.logged.filter(({ level }) => level === 'error')).toMatchObject([
    { facts: { where: 'connection' } },
  ]);
});

test('a registry or a sender that throws, or rejects, has the device refused or its upload failed', async () => {
  const adapter = await startScripted();
  const { host, registry, sender } = adapter;
  const fail = (): never => {
    throw new Error('cursed');
  };
  const by = await identityIn(adapter);
  for (const cursed of [fail, async () => fail()]) {
    sender.send = cursed;
    expect(
      await host.uplink.upload({
        by,
        endpoint: 'event',
        qos: 1,
        contentType: 'a/b',
        origAddress: 'e',
        payload: Buffer.of(1),
      }),
    ).toMatchObject({ status: 'failed', failure: { status: 500 }, terminal: false });
    registry.getTenant = cursed;
    const refused = { status: 'refused', refusal: { reason: 'unavailable' } };
    expect(await host.access.authenticate(login)).toMatchObject(refused);
    expect(await host.access.findPsk({ identity: 'valve-1@acme', remoteIp: '::1' })).toMatchObject(refused);
    expect(await host.access.reauthorize(by)).toMatchObject(refused);
    delete (registry as { getTenant?: unknown }).getTenant;
  }
  await adapter.running.stop({ graceMs: 0 });
});
