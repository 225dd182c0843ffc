import { ManualClock } from '@rollcall/conformance';
import { tokenClaims } from '@rollcall/conformance/certificates';
import {
  scriptedAuthorities,
  scriptedDeviceKey,
  scriptedPassword,
  scriptedPasswords,
  ScriptedRegistry,
} from '@rollcall/conformance/registry';
import type { Presented, Tenant } from '@rollcall/core/registry';
import { expect, test } from 'vitest';
import type { DeviceLogin } from '../login.ts';
import { readToken } from '../read-token.ts';
import { authenticate } from './authenticate.ts';

const { acme } = scriptedAuthorities;
const { der: certificate } = acme.issue({ subject: 'CN=thermostat-7,O=acme' });
const clientContext = { 'client-id': 'unit-1' };
const clock = new ManualClock();

/** What the registry gets with the question for credentials. */
async function presented(login: DeviceLogin, tenant: Partial<Tenant> = {}): Promise<Presented | undefined> {
  const registry = new ScriptedRegistry();
  registry.setTenant('acme', tenant);
  let got: Presented | undefined;
  const getCredentials = registry.getCredentials.bind(registry);
  registry.getCredentials = (query: Parameters<typeof getCredentials>[0]) => {
    ({ presented: got } = query as { readonly presented?: Presented });
    return getCredentials(query) as never;
  };
  const context = { registry, passwords: scriptedPasswords(clock), clock, adapterType: 'hono-test' };
  expect((await authenticate(login, context)).status).toBe('accepted');
  return got;
}

const remoteIp = '192.0.2.1';
const password = { username: 'thermostat-7@acme', password: Buffer.from(scriptedPassword), remoteIp };
const token = {
  ...{ tenant: 'acme', authId: 'thermostat-7', remoteIp },
  token: scriptedDeviceKey.sign(tokenClaims(clock.now(), 'acme', 'thermostat-7')),
};

test.each<readonly [string, DeviceLogin]>([
  ['a password', password],
  ['a token', token],
  ['a certificate', { certificate, remoteIp }],
])('what a device with %s says of itself goes to the registry', async (_kind, login) => {
  expect(await presented({ ...login, clientContext })).toEqual({ context: clientContext });
  expect(await presented(login)).toEqual({});
});

test('the issuer of a token goes to the registry', async () => {
  const claims = { ...tokenClaims(clock.now(), 'acme', 'thermostat-7'), iss: 'maker' };
  const read = readToken(scriptedDeviceKey.sign(claims), undefined);
  if (!read) throw new Error('it names nobody');
  expect(await presented({ ...read, remoteIp })).toEqual({ context: { iss: 'maker' } });
  expect(await presented({ ...read, remoteIp, clientContext })).toEqual({
    context: { ...clientContext, iss: 'maker' },
  });
  const numbered = readToken(scriptedDeviceKey.sign({ ...claims, iss: 7 }), undefined);
  expect(numbered).not.toHaveProperty('issuer');
});

test('a certificate goes to the registry where that may register the device', async () => {
  const { subject: subjectDn, publicKey } = acme;
  const login = { certificate, remoteIp, clientContext };
  const registering = { trustAnchors: [{ subjectDn, publicKey, registersDevices: true as const }] };
  expect(await presented(login, registering)).toEqual({ context: clientContext, certificate });
  expect(await presented(login)).toEqual({ context: clientContext });
});
