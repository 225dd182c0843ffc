import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import type { ListenAddress } from '@rollcall/adapter-kit';
import type { AdapterInTest, TestSetting } from '@rollcall/adapter-process/testing';
import { thermostat, type AdapterBed } from './adapter-bed.ts';
import type { Login } from './adapter-harness.ts';

/** Devices that are not let in, and network connections that never say who they are. */
export function describeRefusals({ harness, can, withAdapter, connected }: AdapterBed): void {
  const wrongPassword: (readonly [string, Login, string])[] = can('proveWrong')
    ? [['a wrong password', { ...thermostat, password: 'guess-me' }, 'wrong-secret']]
    : [];

  test.each<readonly [string, Login, string]>([
    ...wrongPassword,
    ['an unknown device', { ...thermostat, username: 'nobody@acme' }, 'unknown-device'],
    ['an unknown tenant', { ...thermostat, username: 'thermostat-7@nowhere' }, 'unknown-tenant'],
  ])(
    '%s is refused: no event, a counter and a debug line that says why, without the secret',
    (_what, login, problem) =>
      withAdapter(async (adapter) => {
        expect(await harness.connect(adapter.address, login)).toBeUndefined();
        await settled();
        expect(adapter.sink.events).toEqual([]);
        expect(attemptsIn(adapter)).toBe(1);
        expect(adapter.logged.find(({ message }) => message === 'device refused')?.facts).toMatchObject({
          problem,
          tenant: login.username.split('@')[1],
        });
        expect(JSON.stringify(adapter.logged)).not.toContain(login.password);
      }),
  );

  test.each([
    ['its tenant', { tenant: { limits: { maxConnections: 1 } } }],
    ['the adapter', { settings: { maxConnections: 1 } }],
  ] satisfies [string, TestSetting][])(
    'a device over the limit of %s is refused without an event',
    (_whose, limit) =>
      withAdapter(async (adapter) => {
        await connected(adapter);
        await adapter.events(1);
        const second = { ...thermostat, username: 'valve-1@acme', remoteId: 'unit-2' };
        expect(await harness.connect(adapter.address, second)).toBeUndefined();
        await settled();
        expect(adapter.sink.events).toHaveLength(1);
      }, limit),
  );

  test.runIf(can('crowd'))(
    'network connections that say nothing leave room for a device from elsewhere',
    () =>
      withAdapter(
        async (adapter) => {
          const crowd = await silentSockets(adapter.address, 20);
          try {
            await connected(adapter);
            await adapter.events(1);
            expect(crowd.filter(({ destroyed }) => destroyed).length).toBeGreaterThanOrEqual(10);
            await adapter.clock.advanceAsync(60_000);
            expect(
              adapter.logged.filter(({ message }) => message.includes('for want of room')),
            ).toMatchObject([{ level: 'warn', facts: { from: { '127.0.0.2': expect.any(Number) } } }]);
          } finally {
            for (const socket of crowd) socket.destroy();
          }
        },
        {},
        harness.createAdapter({ maxPendingSockets: 10 }),
      ),
  );

  test('a refusal that comes late gives no event either', () =>
    withAdapter(async (adapter) => {
      const release = adapter.registry.hold();
      const connecting = harness.connect(adapter.address, thermostat);
      await settled();
      adapter.registry.disable('acme', 'thermostat-7');
      release();
      expect(await connecting).toBeUndefined();
      await settled();
      expect(adapter.sink.events).toEqual([]);
    }));
}

function attemptsIn(adapter: AdapterInTest): number {
  return adapter.logged.filter(({ level, message }) => level === 'debug' && message === 'device refused')
    .length;
}

/** Connects from an address of its own, one after another, and says nothing. */
async function silentSockets({ port, host }: ListenAddress, count: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  for (let i = 0; i < count; i++) {
    const socket = connect({ port, host, localAddress: '127.0.0.2' });
    sockets.push(socket.on('error', () => {}).resume());
    await once(socket, 'connect');
  }
  return sockets;
}
