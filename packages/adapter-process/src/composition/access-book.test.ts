import { settled } from '@rollcall/conformance';
import { tokenClaims } from '@rollcall/conformance/certificates';
import { scriptedAuthorities, scriptedDeviceKey, scriptedPassword } from '@rollcall/conformance/registry';
import { deviceRef, type Timestamp } from '@rollcall/core';
import type { DisconnectReason } from '@rollcall/core/events';
import type { ConnectionTracker } from '@rollcall/core/tracker';
import { credentialsTypes, type CredentialsType } from '@rollcall/core/registry';
import { describe, expect, test } from 'vitest';
import { accessChangesOf, setFirstSecret } from '../testing/access-changes.ts';
import { startScripted, type ScriptedInTest } from '../testing/start-scripted.ts';
import { createMemoryJournal } from '@rollcall/outbox';
import type { AccessEnd, AuthenticatedDevice } from '@rollcall/access';

const { acme } = scriptedAuthorities;
const username = 'thermostat-7@acme';
const remoteIp = '192.0.2.1';
const { der: certificate } = acme.issue({ subject: 'CN=thermostat-7,O=acme' });

async function logIn({ host, clock }: ScriptedInTest, type: CredentialsType): Promise<AuthenticatedDevice> {
  if (type === 'psk') {
    const found = await host.access.findPsk({ identity: username, remoteIp });
    if (found.status === 'refused' || !found.candidates[0]) throw new Error('refused');
    return found.candidates[0].identity;
  }
  const proofs = {
    'x509-cert': () => ({ certificate }),
    'hashed-password': () => ({ username, password: Buffer.from(scriptedPassword) }),
    rpk: () => ({ tenant: 'acme', authId: 'thermostat-7', token: tokenAt(clock.now()) }),
  };
  const result = await host.access.authenticate({ ...proofs[type](), remoteIp });
  if (result.status === 'refused') throw new Error(result.refusal.reason);
  return result.identity;
}

function tokenAt(now: Timestamp): string {
  return scriptedDeviceKey.sign(tokenClaims(now, 'acme', 'thermostat-7'));
}

/** A lease that begins, and ends when it is told to. */
const leaseTracker: ConnectionTracker<boolean, 'begin'> = {
  initial: false,
  reduce(held, signal, at) {
    const basis = { kind: 'lease', intervalMs: 60_000, from: 'default' } as const;
    if (signal === 'begin') return { state: true, changes: [{ type: 'connected', basis }] };
    if (signal.type !== 'ended' || !held) return { state: held, changes: [] };
    const { reason } = signal;
    return { state: false, changes: [{ type: 'disconnected', basis, reason, lastSeen: at, until: at }] };
  },
  presence: () => undefined,
};

function beginLease({ host }: ScriptedInTest, identity: AuthenticatedDevice): void {
  const lease = host.presence.open(leaseTracker, {
    identity,
    remoteId: identity.authId,
    protocol: 'test',
  });
  lease.report('begin');
}

describe.each(credentialsTypes)('a device that came in by %s', (type) => {
  async function withDevice(
    use: (adapter: ScriptedInTest, identity: AuthenticatedDevice) => Promise<void>,
    facts: { readonly expiresInMs?: number } = {},
  ): Promise<void> {
    const adapter = await startScripted();
    const { expiresInMs } = facts;
    const notAfter = (adapter.clock.now() + (expiresInMs ?? 0)) as Timestamp;
    setFirstSecret(adapter.registry, type, expiresInMs === undefined ? {} : { notAfter });
    try {
      await use(adapter, await logIn(adapter, type));
    } finally {
      await adapter.running.stop({ graceMs: 0 });
    }
  }

  const ends = ({ sink }: ScriptedInTest): DisconnectReason[] =>
    sink.events.flatMap((event) => (event.type === 'disconnected' ? [event.reason] : []));
  const expected = (end: AccessEnd | 'stays'): AccessEnd[] => (end === 'stays' ? [] : [end]);

  describe.each(accessChangesOf(type))('when $what', ({ happens, opened, lease }) => {
    test(`its session: ${opened}`, () =>
      withDevice(async (adapter, identity) => {
        await adapter.begin({ identity });
        happens(adapter.registry, type, adapter.clock.now());
        await settled();
        expect(ends(adapter)).toEqual(expected(opened));
        await adapter.clock.advanceAsync(1);
        expect(ends(adapter), 'once').toEqual(expected(opened));
      }));

    test(`what else its secret opened: ${opened}`, () =>
      withDevice(async (adapter, identity) => {
        const told: AccessEnd[] = [];
        const held = adapter.host.access.holdProof(identity, (reason) => told.push(reason));
        const released = adapter.host.access.holdProof(identity, () => told.push('access-revoked'));
        released.release();
        expect([held.isOver(), released.isOver()]).toEqual([false, true]);
        happens(adapter.registry, type, adapter.clock.now());
        await settled();
        expect(told).toEqual(expected(opened));
        expect(held.isOver()).toBe(opened !== 'stays');
      }));

    test(`its lease: ${lease}`, () =>
      withDevice(async (adapter, identity) => {
        beginLease(adapter, identity);
        happens(adapter.registry, type, adapter.clock.now());
        await settled();
        expect(ends(adapter)).toEqual(expected(lease));
      }));

    test(`what it proved: ${opened === 'stays' ? 'counts' : 'counts no more'}`, () =>
      withDevice(async ({ registry, clock, host }, identity) => {
        happens(registry, type, clock.now());
        await settled();
        const { status } = await host.access.reauthorize(identity);
        expect(status).toBe(opened === 'stays' ? 'accepted' : 'refused');
      }));
  });

  test.each(accessChangesOf(type).filter(({ opened }) => opened !== 'stays'))(
    'is not let in when $what after it was looked up',
    ({ happens, opened }) =>
      withDevice(async (adapter) => {
        const { registry, clock, host } = adapter;
        const assertRegistration = registry.assertRegistration.bind(registry);
        registry.assertRegistration = async (...asked) => {
          registry.assertRegistration = assertRegistration;
          happens(registry, type, clock.now());
          return assertRegistration(...asked);
        };
        const told: AccessEnd[] = [];
        const outcome = await logIn(adapter, type).then(
          (identity) => {
            const held = host.access.holdProof(identity, (reason) => told.push(reason));
            expect(held.isInDoubt(), 'until the registry was asked again').toBe(true);
            return held;
          },
          () => 'refused' as const,
        );
        await settled();
        expect(['refused', opened]).toContain(outcome === 'refused' ? outcome : told[0]);
        if (outcome !== 'refused') expect([outcome.isInDoubt(), outcome.isOver()]).toEqual([false, true]);
      }),
  );

  test('may not open a session with what was looked up before a change, and may with what was after', () =>
    withDevice(async (adapter, identity) => {
      const { registry, host } = adapter;
      registry.setCredentials('acme', 'valve-1', type, 'disabled');
      expect(host.access.admit(identity), 'others do not matter').toBeUndefined();
      registry.touch('acme', 'thermostat-7');
      expect(host.access.admit(identity)).toMatchObject({ reason: 'busy' });
      expect(host.access.admit(await logIn(adapter, type))).toBeUndefined();
    }));

  test('whose registry changes with each look-up hears that it may try again', () =>
    withDevice(async (adapter) => {
      const { registry } = adapter;
      const assertRegistration = registry.assertRegistration.bind(registry);
      registry.assertRegistration = (...asked) => {
        registry.touch('acme', 'thermostat-7');
        return assertRegistration(...asked);
      };
      if (type === 'psk')
        expect(adapter.host.access.admit(await logIn(adapter, type))).toMatchObject({ reason: 'busy' });
      else await expect(logIn(adapter, type)).rejects.toThrow('busy');
    }));

  test('its session ends when its secret expires, on the millisecond, and its lease does not', () =>
    withDevice(
      async (adapter, identity) => {
        await adapter.begin({ identity });
        beginLease(adapter, identity);
        await adapter.clock.advanceAsync(999);
        expect(ends(adapter)).toEqual([]);
        await adapter.clock.advanceAsync(1);
        expect(ends(adapter)).toEqual(['credentials-expired']);
      },
      { expiresInMs: 1_000 },
    ));

  test('its session ends within a minute of the clock being set to a time after its secret', () =>
    withDevice(
      async (adapter, identity) => {
        const { clock } = adapter;
        await adapter.begin({ identity });
        clock.stepWall(86_400_000);
        await clock.advanceAsync(60_000);
        expect(ends(adapter)).toEqual(['credentials-expired']);
      },
      { expiresInMs: 3_600_000 },
    ));

  test.each([500, 3_000])(
    'its session ends after %i ms where the registry says so meanwhile',
    (endsAfterMs) =>
      withDevice(
        async (adapter, identity) => {
          await adapter.begin({ identity });
          const { clock, registry } = adapter;
          setFirstSecret(registry, type, { notAfter: (clock.now() + endsAfterMs) as Timestamp });
          await settled();
          await clock.advanceAsync(endsAfterMs - 1);
          expect(ends(adapter)).toEqual([]);
          await clock.advanceAsync(1);
          expect(ends(adapter)).toEqual(['credentials-expired']);
        },
        { expiresInMs: 1_000 },
      ),
  );

  test.each([
    [1_000, 5_000],
    [5_000, 1_000],
  ])('a secret that was valid for %i ms, and is for %i as a later login hears, ends then', (first, later) =>
    withDevice(
      async (adapter, identity) => {
        const { clock, registry } = adapter;
        await adapter.begin({ identity });
        const getCredentials = registry.getCredentials.bind(registry);
        const notAfter = (clock.now() + later) as Timestamp;
        // No change is heard.
        registry.getCredentials = async (query) => {
          const answer = await getCredentials(query);
          if (answer.status !== 'found') return answer;
          const secrets = answer.value.secrets.map((secret) => ({ ...secret, notAfter }));
          return { ...answer, value: { ...answer.value, secrets } };
        };
        await adapter.begin({ identity: await logIn(adapter, type), remoteId: 'later' });
        await clock.advanceAsync(later - 1);
        expect(ends(adapter)).toEqual([]);
        await clock.advanceAsync(1);
        expect(ends(adapter)).toEqual(['credentials-expired', 'credentials-expired']);
      },
      { expiresInMs: first },
    ),
  );

  test('a registry that is away ends nothing, and what it did is found when it is back', () =>
    withDevice(async (adapter, identity) => {
      await adapter.begin({ identity });
      beginLease(adapter, identity);
      adapter.registry.unavailable = true;
      adapter.registry.disable('acme', 'thermostat-7');
      await settled();
      expect(ends(adapter)).toEqual([]);
      adapter.registry.unavailable = false;
      await adapter.clock.advanceAsync(1_000);
      await settled();
      expect(ends(adapter)).toEqual(['access-revoked', 'access-revoked']);
    }));

  describe.each([
    ['cannot say anything of the device alone', 'nothing'],
    ['knows of the device only what was true before', 'before'],
  ])('a registry that %s', (_what, says) => {
    /** Until `answers()`, and for every question about a registration, which are counted. */
    async function silence({ registry }: ScriptedInTest) {
      const assertRegistration = registry.assertRegistration.bind(registry);
      const before = await assertRegistration(deviceRef('acme', 'thermostat-7'));
      let asked = 0;
      registry.assertRegistration = async () => {
        asked += 1;
        if (says === 'before' && before.status === 'found') return { ...before, doubtful: true };
        return { status: 'unavailable', cause: new Error('timeout'), onlyThis: true };
      };
      return { asked: () => asked, answers: () => (registry.assertRegistration = assertRegistration) };
    }

    test('ends nothing, and is asked until it can', () =>
      withDevice(async (adapter, identity) => {
        await adapter.begin({ identity });
        beginLease(adapter, identity);
        const told: AccessEnd[] = [];
        adapter.host.access.holdProof(identity, (reason) => told.push(reason));
        const { answers } = await silence(adapter);
        adapter.registry.disable('acme', 'thermostat-7');
        await adapter.clock.advanceAsync(3_500);
        expect([ends(adapter), told]).toEqual([[], []]);
        answers();
        await adapter.clock.advanceAsync(4_000);
        expect([ends(adapter), told]).toEqual([['access-revoked', 'access-revoked'], ['access-revoked']]);
      }));

    test('is asked less often the longer it cannot, and not about what is gone', () =>
      withDevice(async (adapter, identity) => {
        const { clock, registry, host } = adapter;
        const armed = clock.armed;
        const held = host.access.holdProof(identity, () => {});
        const { asked } = await silence(adapter);
        registry.disable('acme', 'thermostat-7');
        await clock.advanceAsync(600_000);
        expect(asked()).toBeGreaterThan(20);
        expect(asked()).toBeLessThan(30);
        held.release();
        const before = asked();
        await clock.advanceAsync(60_000);
        expect([asked(), clock.armed]).toEqual([before, armed]);
      }));

    test.runIf(says === 'before')('is asked again about who comes then', () =>
      withDevice(async (adapter) => {
        const { answers } = await silence(adapter);
        const identity = await logIn(adapter, type);
        await adapter.begin({ identity });
        beginLease(adapter, identity);
        const told: AccessEnd[] = [];
        adapter.host.access.holdProof(identity, (reason) => told.push(reason));
        await adapter.clock.advanceAsync(3_500);
        expect([ends(adapter), told]).toEqual([[], []]);
        answers();
        // No change is heard: it happened before, while notifications were lost.
        adapter.registry.assertRegistration = async () => ({ status: 'not-found' });
        await adapter.clock.advanceAsync(4_000);
        expect([ends(adapter), told]).toEqual([['access-revoked', 'access-revoked'], ['access-revoked']]);
      }),
    );

    test('leaves what was held after a change in doubt until it can', () =>
      withDevice(async (adapter, identity) => {
        const { answers } = await silence(adapter);
        adapter.registry.touch('acme', 'thermostat-7');
        const held = adapter.host.access.holdProof(identity, () => {});
        await settled();
        expect(held.isInDoubt()).toBe(true);
        answers();
        await adapter.clock.advanceAsync(1_000);
        expect([held.isInDoubt(), held.isOver()]).toEqual([false, false]);
      }));
  });

  test('a lease of an earlier run ends where its credentials went meanwhile, and stays where they did not', async () => {
    for (const state of [undefined, 'deleted', 'disabled'] as const) {
      const journal = createMemoryJournal();
      const before = await startScripted({ journal });
      setFirstSecret(before.registry, type);
      beginLease(before, await logIn(before, type));
      const open = (await before.events(1)).find((event) => event.type === 'connected');
      if (!open) throw new Error('no event');
      const after = await startScripted();
      if (state) after.registry.setCredentials('acme', 'thermostat-7', type, state);
      for (const other of credentialsTypes)
        if (other !== type) after.registry.setCredentials('acme', 'thermostat-7', other, 'deleted');
      const identity = { device: open.device, authId: open.remoteId, tenant: await logInTenant(after) };
      after.host.leases.resume(
        { ...leaseTracker, initial: true },
        { identity, remoteId: open.remoteId, protocol: 'test' },
        open,
      );
      after.registry.touch('acme', 'thermostat-7');
      await settled();
      expect(ends(after)).toEqual(state ? ['access-revoked'] : []);
      await before.running.stop({ graceMs: 0 });
      await after.running.stop({ graceMs: 0 });
    }
  });
});

async function logInTenant({ registry }: ScriptedInTest): Promise<AuthenticatedDevice['tenant']> {
  const answer = await registry.getTenant('acme');
  if (answer.status !== 'found') throw new Error('no tenant');
  return answer.value;
}

test('a device whose access is revoked is told of in one line, whatever it had open', async () => {
  const adapter = await startScripted();
  const lines = (): readonly unknown[] =>
    adapter.logged.filter(({ message }) => message.startsWith('access revoked')).map(({ facts }) => facts);
  const device = { tenant: 'acme', device: 'thermostat-7' };
  const identity = await logIn(adapter, 'hashed-password');
  beginLease(adapter, identity);
  for (const remoteId of ['a', 'b', 'c']) await adapter.begin({ identity, remoteId });
  adapter.host.access.holdProof(await logIn(adapter, 'psk'), () => {});
  adapter.host.access.holdProof(await logIn(adapter, 'x509-cert'), () => {});
  adapter.registry.disable('acme', 'thermostat-7');
  await settled();
  expect(lines()).toEqual([device]);
  await adapter.running.stop({ graceMs: 0 });
});
