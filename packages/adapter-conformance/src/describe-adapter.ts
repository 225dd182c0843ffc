import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ManualClock, settled, passwordForASecond, scriptedPassword } from '@rollcall/conformance';
import type { ConnectionEvent, CredentialsType } from '@rollcall/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createMemoryJournal } from '@rollcall/outbox';
import type { ListenAddress, ProtocolAdapter } from '@rollcall/adapter-kit';
import { allCurses, cursedAdapter } from './cursed-adapter.ts';
import { describeAccess } from './describe-access.ts';
import { describeCommits } from './describe-commits.ts';
import { describeDrain } from './describe-drain.ts';
import { describeArrival, type DeviceBytes } from './describe-arrival.ts';
import { makeSocketsUnwritable, writeFailures } from './unwritable-sockets.ts';
import { startForTest, type AdapterInTest, type TestSetting } from '@rollcall/adapter-process/testing';

/** A device on the other side of the wire, made with a real client of the protocol. */
export interface DevicePeer {
  /** Says goodbye as the protocol intends. */
  leave(): Promise<void>;
  /** Cuts the network connection without a word. */
  vanish(): Promise<void>;
  /** Stops talking, with the network connection still open. */
  fallSilent(): Promise<void>;
}

export interface Login {
  readonly username: string;
  readonly password: string;
  /** The peer's own name, where the protocol has one. */
  readonly remoteId: string;
}

/**
 * - `expire`: a connection may outlast the credentials it began with.
 * - `proveWrong`: a peer with a wrong secret shows at once, and not as one that went away.
 * - `crowd`: there are network connections that say nothing.
 * - `multiply`: a device may have several connections at a time.
 */
type Verb = 'leave' | 'vanish' | 'fallSilent' | 'takeOver' | 'expire' | 'proveWrong' | 'crowd' | 'multiply';

/** Bounds that a test sets lower than an app does. */
export interface AdapterLimits {
  /** Network connections that have not logged in. */
  readonly maxPendingSockets?: number;
}

export interface AdapterHarness {
  /** Listens on loopback, port 0. */
  createAdapter(limits?: AdapterLimits): ProtocolAdapter;
  /**
   * Connects a device; `undefined` where the adapter refuses it.
   *
   * @param heard is to be told what the device heard of a refusal, as a text that holds nothing else.
   */
  connect(
    address: ListenAddress,
    login: Login,
    heard?: (refusal: string) => void,
  ): Promise<DevicePeer | undefined>;
  /** What tells a device to try again later, as {@link connect} says it. Absent where it hears nothing, or where its library does not say. */
  readonly temporary?: string;
  /** Of the credentials that {@link connect} proves; default: passwords. */
  readonly credentialsType?: CredentialsType;
  /** What a device says, in bytes. Absent where it has no network connection. */
  readonly bytes?: DeviceBytes;
  /** Whether {@link DevicePeer.leave} resolves with the adapter's answer. Default: no; not every protocol has one. */
  readonly answersGoodbye?: boolean;
  /** How long a silent peer stays connected at most. */
  readonly silenceMs: number;
  /** What the protocol has no way to do; it shows in the report. */
  readonly cannot?: readonly Verb[];
}

const thermostat: Login = { username: 'thermostat-7@acme', password: scriptedPassword, remoteId: 'unit-1' };

const valve: Login = { username: 'valve-1@acme', password: scriptedPassword, remoteId: 'unit-2' };

/** Every protocol adapter must pass, with a real client. Called from the adapter's own tests. */
export function describeAdapter(name: string, harness: AdapterHarness): void {
  const can = (verb: Verb): boolean => !harness.cannot?.includes(verb);

  async function withAdapter(
    use: (adapter: AdapterInTest) => Promise<void>,
    setting?: TestSetting,
    protocol = harness.createAdapter(),
  ): Promise<void> {
    const adapter = await startForTest(protocol, setting);
    try {
      await use(adapter);
    } finally {
      await adapter.running.stop({ graceMs: 0 });
    }
  }

  async function connected(adapter: AdapterInTest, login: Login = thermostat): Promise<DevicePeer> {
    const peer = await harness.connect(adapter.address, login);
    if (!peer) throw new Error(`${login.username} was refused`);
    return peer;
  }

  const wrongPassword: (readonly [string, Login, string])[] = can('proveWrong')
    ? [['a wrong password', { ...thermostat, password: 'guess-me' }, 'wrong-secret']]
    : [];

  function attemptsIn(adapter: AdapterInTest): number {
    return adapter.logged.filter(({ level, message }) => level === 'debug' && message === 'device refused')
      .length;
  }

  describe(`${name} honours the adapter contract`, () => {
    test('an accepted device gives one connected event', () =>
      withAdapter(async (adapter) => {
        await connected(adapter);
        const [event] = await adapter.events(1);
        expect(event).toMatchObject({
          type: 'connected',
          device: { tenant: 'acme', device: 'thermostat-7' },
          adapter: adapter.running.identity,
        });
        await settled();
        expect(adapter.sink.events).toHaveLength(1);
      }));

    test.runIf(can('leave'))('a goodbye gives the matching disconnected event, clean', () =>
      withAdapter(async (adapter) => {
        await (await connected(adapter)).leave();
        const [first, second] = await adapter.events(2);
        expect(second).toMatchObject({
          type: 'disconnected',
          reason: 'client-closed',
          clean: true,
          initiator: 'device',
        });
        expectPair(first, second);
      }),
    );

    test.runIf(can('vanish'))(
      'a lost network connection gives the matching disconnected event, unclean',
      () =>
        withAdapter(async (adapter) => {
          await (await connected(adapter)).vanish();
          const [first, second] = await adapter.events(2);
          expect(second).toMatchObject({ type: 'disconnected', clean: false, initiator: 'network' });
          expectPair(first, second);
        }),
    );

    test.runIf(can('fallSilent'))('silence is noticed in time, and the event says how uncertain it is', () =>
      withAdapter(async (adapter) => {
        await (await connected(adapter)).fallSilent();
        await adapter.events(1);
        await adapter.clock.advanceAsync(harness.silenceMs);
        const [first, second] = await adapter.events(2);
        expectPair(first, second);
        if (second?.type !== 'disconnected') throw new Error('no disconnected event');
        expect(second.clean).toBe(false);
        expect(second.uncertaintyMs).toBeGreaterThan(0);
        expect(second.uncertaintyMs).toBe(second.at - second.lastSeen);
      }),
    );

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

    describe.runIf(can('proveWrong'))('a user name that failed too often at its address', () => {
      /** What a device hears that is refused; `accepted` where it is not. */
      async function outcome(adapter: AdapterInTest, login: Login): Promise<string> {
        let heard = 'nothing';
        const peer = await harness.connect(adapter.address, login, (refusal) => (heard = refusal));
        return peer ? 'accepted' : heard;
      }

      async function failTooOften(adapter: AdapterInTest): Promise<string> {
        let heard = '';
        for (let guess = 0; guess < 12; guess++) {
          const answer = await outcome(adapter, { ...thermostat, password: `guess-${guess}` });
          if (guess === 0) heard = answer;
        }
        return heard;
      }

      test.runIf(harness.temporary !== undefined)(
        'hears the same of the right and of the wrong password: that it may try again later',
        () =>
          withAdapter(async (adapter) => {
            const wrong = await failTooOften(adapter);
            const guess = await outcome(adapter, { ...thermostat, password: 'guess-me' });
            const right = await outcome(adapter, thermostat);
            expect([guess, right]).toEqual([harness.temporary, harness.temporary]);
            expect(wrong).not.toBe(harness.temporary);
            await settled();
            expect(adapter.sink.events).toEqual([]);
          }),
      );

      test('keeps out no other user of that address', () =>
        withAdapter(async (adapter) => {
          await failTooOften(adapter);
          await connected(adapter, { ...thermostat, username: 'valve-1@acme', remoteId: 'unit-2' });
          expect(await adapter.events(1)).toMatchObject([{ device: { device: 'valve-1' } }]);
        }));

      test('does not keep out who proved this password there, also after a restart', async () => {
        const journal = createMemoryJournal();
        const clock = new ManualClock();
        await withAdapter(
          async (adapter) => {
            await (await connected(adapter)).leave();
            await adapter.events(1);
          },
          { journal, clock },
        );
        await withAdapter(
          async (adapter) => {
            await failTooOften(adapter);
            expect(await outcome(adapter, thermostat)).toBe('accepted');
          },
          { journal, clock },
        );
      });
    });

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

    describe.runIf(can('multiply'))('a device with as many connections as it may have', () => {
      const unit = (number: number): Login => ({ ...thermostat, remoteId: `unit-${number}` });
      const ends = ({ sink }: AdapterInTest): string[] =>
        sink.events.flatMap((event) => (event.type === 'disconnected' ? [event.reason] : []));

      test('is refused another while they talk, and keeps them all', () =>
        withAdapter(
          async (adapter) => {
            for (const number of [1, 2]) await connected(adapter, unit(number));
            for (const number of [3, 4, 3])
              expect(await harness.connect(adapter.address, unit(number))).toBeUndefined();
            await connected(adapter, { ...thermostat, username: 'valve-1@acme' });
            await adapter.events(3);
            await settled();
            expect(adapter.sink.events).toHaveLength(3);
          },
          { settings: { maxSessionsPerDevice: 2 } },
        ));

      test('gets another in place of one that was silent for longer than its keep-alive', () =>
        withAdapter(
          async (adapter) => {
            await (await connected(adapter, unit(1))).fallSilent();
            await adapter.events(1);
            await adapter.clock.advanceAsync(harness.silenceMs - 1);
            await connected(adapter, unit(2));
            await adapter.events(3);
            expect(ends(adapter)).toEqual(['limit-exceeded']);
            expect(await harness.connect(adapter.address, unit(3))).toBeUndefined();
          },
          { settings: { maxSessionsPerDevice: 1 } },
        ));

      test('may have as many as its tenant says', () =>
        withAdapter(
          async (adapter) => {
            for (const number of [1, 2, 3]) await connected(adapter, unit(number));
            await adapter.events(3);
            expect(await harness.connect(adapter.address, unit(4))).toBeUndefined();
          },
          { settings: { maxSessionsPerDevice: 1 }, tenant: { maxConnectionsPerDevice: 3 } },
        ));

      test('may have any number where the limit is 0', () =>
        withAdapter(
          async (adapter) => {
            for (const number of [1, 2, 3]) await connected(adapter, unit(number));
            await adapter.events(3);
            expect(ends(adapter)).toEqual([]);
          },
          { settings: { maxSessionsPerDevice: 0 } },
        ));
    });

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

    test.runIf(can('takeOver'))('a newer connection with the same name ends the older one first', () =>
      withAdapter(async (adapter) => {
        await connected(adapter);
        await adapter.events(1);
        await connected(adapter);
        const [first, second, third] = await adapter.events(3);
        expectPair(first, second);
        expect(second).toMatchObject({ reason: 'taken-over' });
        expect(third).toMatchObject({ type: 'connected' });
        expect((third?.epoch ?? '') > (first?.epoch ?? '')).toBe(true);
      }),
    );

    test('devices of different tenants with the same name do not meet', () =>
      withAdapter(async (adapter) => {
        await connected(adapter);
        await connected(adapter, { ...thermostat, username: 'thermostat-7@umbrella' });
        const events = await adapter.events(2);
        expect(events.map(({ type }) => type)).toEqual(['connected', 'connected']);
      }));

    test.runIf(can('expire'))('credentials that expire end the connection, by a timer', () =>
      withAdapter(async (adapter) => {
        await connected(adapter, { ...thermostat, password: passwordForASecond });
        await adapter.events(1);
        await adapter.clock.advanceAsync(1_000);
        const [first, second] = await adapter.events(2);
        expectPair(first, second);
        expect(second).toMatchObject({
          reason: 'credentials-expired',
          initiator: 'adapter',
          uncertaintyMs: 0,
        });
      }),
    );

    test('a refusal that comes late is one all the same: no event', () =>
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

    test('a device disabled in the registry is disconnected at once', () =>
      withAdapter(async (adapter) => {
        await connected(adapter);
        await adapter.events(1);
        adapter.registry.disable('acme', 'thermostat-7');
        const [first, second] = await adapter.events(2);
        expectPair(first, second);
        expect(second).toMatchObject({ reason: 'access-revoked', initiator: 'operator' });
      }));

    describeAccess({
      type: harness.credentialsType ?? 'hashed-password',
      withAdapter,
      connect: (adapter) => connected(adapter),
    });

    if (harness.bytes) describeArrival({ bytes: harness.bytes, silenceMs: harness.silenceMs, withAdapter });

    test.each(allCurses)('what throws for one device costs it its connection, and no other: %s', (curse) =>
      withAdapter(
        async (adapter) => {
          const before = await connected(adapter);
          const victim = await harness.connect(adapter.address, valve);
          if (can('leave')) await victim?.leave();
          else await victim?.vanish();
          await connected(adapter, { ...thermostat, username: 'thermostat-7@umbrella' });
          await settled();
          expectOnlyVictimEnded(adapter);
          expect(adapter.logged.some(({ level }) => level === 'error')).toBe(true);
          await before.vanish();
        },
        undefined,
        cursedAdapter(harness.createAdapter(), curse, 'valve-1'),
      ),
    );

    test.each(writeFailures)('a device that cannot be written to (%s) costs no other anything', (failure) =>
      withAdapter(async (adapter) => {
        await connected(adapter);
        const mend = makeSocketsUnwritable(failure);
        onTestFinished(mend);
        const victim = await harness.connect(adapter.address, valve).catch(() => undefined);
        await victim?.vanish();
        mend();
        await connected(adapter, { ...thermostat, username: 'thermostat-7@umbrella' });
        await settled();
        expect(adapter.sink.events.length).toBeGreaterThanOrEqual(2);
        expectOnlyVictimEnded(adapter);
      }),
    );

    test('a registry that throws for one device has it refused, and no other', () =>
      withAdapter(async (adapter) => {
        const ask = adapter.registry.assertRegistration.bind(adapter.registry);
        adapter.registry.assertRegistration = (device, gateway) => {
          if (device.device === 'valve-1') throw new Error('cursed');
          return ask(device, gateway);
        };
        expect(await harness.connect(adapter.address, valve)).toBeUndefined();
        await connected(adapter);
        await settled();
        expect(adapter.sink.events.map(({ device }) => device.device)).toEqual(['thermostat-7']);
        expectOnlyVictimEnded(adapter);
        expect(adapter.logged).toContainEqual(expect.objectContaining({ level: 'error' }));
      }));

    test('stop ends every open session, once', () =>
      withAdapter(async (adapter) => {
        const peer = await connected(adapter);
        await connected(adapter, { ...thermostat, username: 'valve-1@acme', remoteId: 'unit-2' });
        await adapter.events(2);
        await adapter.running.stop({ graceMs: 0 });
        await peer.vanish();
        await settled();
        const ended = adapter.sink.events.filter((event) => event.type === 'disconnected');
        const sessions = adapter.sink.events.filter(
          ({ type, basis }) => type === 'connected' && basis.kind === 'session',
        );
        expect(ended.map(({ connectionId }) => connectionId).toSorted()).toEqual(
          sessions.map(({ connectionId }) => connectionId).toSorted(),
        );
        expect(new Set(ended.map(({ reason }) => reason))).toEqual(
          new Set(sessions.length > 0 ? ['adapter-shutdown'] : []),
        );
        expect(adapter.clock.armed, 'no deadline outlives the adapter').toBe(0);
      }));

    describeCommits(harness, thermostat);

    describeDrain(harness, [
      thermostat,
      { ...thermostat, username: 'valve-1@acme', remoteId: 'unit-2' },
      { ...thermostat, username: 'thermostat-7@umbrella', remoteId: 'unit-3' },
    ]);
  });
}

/** Of whatever threw it is told, and of nothing else; who is gone is not told as there. */
function expectOnlyVictimEnded({ sink, logged }: AdapterInTest): void {
  const open = new Map<string, string>();
  for (const { type, connectionId, device, basis } of sink.events)
    if (type === 'disconnected') open.delete(connectionId);
    else if (basis.kind === 'session' || device.device !== 'valve-1') open.set(connectionId, device.device);
  const devices = new Set(sink.events.map(({ device }) => device.device));
  expect([...open.values()]).toEqual([...open.values()].filter((device) => device === 'thermostat-7'));
  expect(devices).toContain('thermostat-7');
  const errors = logged.filter(({ level }) => level === 'error');
  expect(errors.filter(({ facts }) => !('where' in facts))).toEqual([]);
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

function expectPair(first: ConnectionEvent | undefined, second: ConnectionEvent | undefined): void {
  expect(first?.type).toBe('connected');
  expect(second?.type).toBe('disconnected');
  expect(second?.connectionId).toBe(first?.connectionId);
  expect(second?.epoch).toBe(first?.epoch);
  expect(second?.id).not.toBe(first?.id);
}
