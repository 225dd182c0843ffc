import { ManualClock } from '@rollcall/conformance';
import { ScriptedRegistry, scriptedPassword, scriptedPasswords } from '@rollcall/conformance/registry';
import { afterEach, describe, expect, test } from 'vitest';
import type { PasswordLogin } from '../login.ts';
import { admit } from './admission.ts';
import { authenticate } from './authenticate.ts';
import type { AuthenticationContext } from './authentication-context.ts';

const adapterType = 'hono-test';
const clock = new ManualClock();
const passwords = scriptedPasswords(clock);
let registry = new ScriptedRegistry();

afterEach(() => {
  registry = new ScriptedRegistry();
});

const context = (): AuthenticationContext => ({
  registry,
  passwords,
  clock,
  adapterType,
});

function login(facts: { username?: string; password?: string } = {}): PasswordLogin {
  return {
    username: facts.username ?? 'thermostat-7@acme',
    password: new TextEncoder().encode(facts.password ?? scriptedPassword),
    remoteIp: '127.0.0.1',
  };
}

async function outcome(of: PasswordLogin): Promise<string> {
  const result = await authenticate(of, context());
  return result.status === 'accepted' ? 'accepted' : result.refusal.reason;
}

test('a device with the right password is who its credentials say', async () => {
  const result = await authenticate(login(), context());
  expect(result).toMatchObject({
    status: 'accepted',
    identity: { device: { tenant: 'acme', device: 'thermostat-7' }, authId: 'thermostat-7' },
  });
});

test('a tenant may be called by its alias, and the device is let in as one of its id', async () => {
  registry.setTenant('acme', { alias: 'roadrunner' });
  expect(await authenticate(login({ username: 'thermostat-7@roadrunner' }), context())).toMatchObject({
    status: 'accepted',
    identity: { device: { tenant: 'acme', device: 'thermostat-7' }, tenant: { id: 'acme' } },
  });
  expect(await outcome(login({ username: 'thermostat-7@Roadrunner' }))).toBe('bad-credentials');
  // An id goes before an alias.
  registry.setTenant('umbrella', { alias: 'acme' });
  expect(await outcome(login())).toBe('accepted');
});

test.each([
  ['a wrong password', login({ password: 'no' })],
  ['an unknown auth-id', login({ username: 'nobody@acme' })],
  ['an unknown tenant', login({ username: 'thermostat-7@nowhere' })],
  ['a user name without tenant', login({ username: 'thermostat-7' })],
  ['a user name without auth-id', login({ username: '@acme' })],
  ['a user name that ends after @', login({ username: 'thermostat-7@' })],
  ['an endless user name', login({ username: `${'x'.repeat(5_000)}@acme` })],
])('%s is refused, all with the same reason', async (_what, of) => {
  expect(await outcome(of)).toBe('bad-credentials');
});

test('a disabled tenant, a disabled device and a disabled adapter are told apart', async () => {
  registry.disable('acme');
  expect(await outcome(login())).toBe('tenant-disabled');
  registry = new ScriptedRegistry();
  registry.disable('acme', 'thermostat-7');
  expect(await outcome(login())).toBe('device-not-registered');
  registry = new ScriptedRegistry({ adapters: [{ type: 'hono-other', enabled: true, ext: {} }] });
  expect(await outcome(login())).toBe('adapter-disabled');
  registry = new ScriptedRegistry({ adapters: [{ type: adapterType, enabled: true, ext: {} }] });
  expect(await outcome(login())).toBe('accepted');
});

test('a registry that is away, and a verifier with too much to do, are not the fault of the device', async () => {
  registry.unavailable = true;
  expect(await outcome(login())).toBe('unavailable');
  registry.unavailable = false;
  const busy = { verify: async () => 'busy' as const };
  expect(await authenticate(login(), { ...context(), passwords: busy })).toMatchObject({
    refusal: { reason: 'busy' },
  });
});

describe('admission', () => {
  const counts = { count: 5, countOf: () => 3, makeRoomFor: () => true };

  const refusalAt = async (
    adapterLimit: number,
    tenantLimit: number | undefined,
    takesOver?: 'here' | 'elsewhere',
  ): Promise<string | undefined> => {
    registry = new ScriptedRegistry({
      limits: tenantLimit === undefined ? {} : { maxConnections: tenantLimit },
    });
    const result = await authenticate(login(), context());
    if (result.status !== 'accepted') throw new Error('not accepted');
    const limits = { maxConnections: adapterLimit, maxSessionsPerDevice: 100 };
    return admit(result.identity, { ...counts, takesOver }, limits)?.reason;
  };

  test.each([
    [10, undefined, undefined],
    [5, undefined, 'adapter-connections-exceeded'],
    [10, 4, undefined],
    [10, 3, 'tenant-connections-exceeded'],
  ])('adapter limit %s, tenant limit %s: %s', async (adapterLimit, tenantLimit, expected) => {
    expect(await refusalAt(adapterLimit, tenantLimit)).toBe(expected);
  });

  test.each([
    ['here', 5, 3, undefined],
    ['elsewhere', 5, 3, 'adapter-connections-exceeded'],
    ['elsewhere', 10, 3, undefined],
  ] as const)(
    'a place that is taken over %s is no new one (adapter limit %s, tenant limit %s: %s)',
    async (takesOver, adapterLimit, tenantLimit, expected) => {
      expect(await refusalAt(adapterLimit, tenantLimit, takesOver)).toBe(expected);
    },
  );
});
