import { settled } from '@rollcall/conformance';
import { createDeviceKey, tokenClaims } from '@rollcall/conformance/certificates';
import { scriptedDeviceKey } from '@rollcall/conformance/registry';
import {
  accessChangesOf,
  setFirstSecret,
  startForTest,
  type AdapterInTest,
} from '@rollcall/adapter-process/testing';
import { afterEach, expect, test } from 'vitest';
import { createMqttAdapter } from './adapter.ts';
import { options, rawPeer, type RawPeer } from './testing/raw-peer.ts';

/** JSON Web Tokens in CONNECT packets (`docs/hono-compatibility.md` §13). */
const adapters: AdapterInTest[] = [];
const peers: RawPeer[] = [];
afterEach(async () => {
  for (const { socket } of peers.splice(0)) socket.destroy();
  for (const adapter of adapters.splice(0)) await adapter.running.stop({ graceMs: 0 });
});

const byClientId = 'tenants/acme/devices/thermostat-7';

async function givenAnAdapter() {
  const adapter = await startForTest(createMqttAdapter(options));
  adapters.push(adapter);
  return {
    adapter,
    claims: tokenClaims(adapter.clock.now(), 'acme', 'thermostat-7'),
    async present(token: string, facts: object = {}, version: 4 | 5 = 5) {
      const peer = rawPeer(adapter.address.port, version);
      peers.push(peer);
      const connack = await peer.connect({ username: 'unused', password: Buffer.from(token), ...facts });
      const { reasonCode, returnCode } = connack as { reasonCode?: number; returnCode?: number };
      return { peer, code: reasonCode ?? returnCode };
    },
    reasons: () =>
      adapter.sink.events.flatMap((event) => (event.type === 'disconnected' ? [event.reason] : [])),
  };
}

test.each([4, 5] as const)('version %i: a token for hono-adapter says who the device is', async (version) => {
  const { adapter, claims, present } = await givenAnAdapter();
  expect((await present(scriptedDeviceKey.sign(claims), {}, version)).code).toBe(0);
  expect(await adapter.events(1)).toMatchObject([
    { type: 'connected', device: { tenant: 'acme', device: 'thermostat-7' }, remoteId: 'unit-1' },
  ]);
});

test('the registry gets the client id with the question for credentials', async () => {
  const { adapter, claims, present } = await givenAnAdapter();
  const asked: unknown[] = [];
  const { registry } = adapter;
  const getCredentials = registry.getCredentials.bind(registry);
  registry.getCredentials = (query) => {
    asked.push((query as { readonly presented?: unknown }).presented);
    return getCredentials(query);
  };
  await present(scriptedDeviceKey.sign(claims), { clientId: 'unit-9' });
  expect(asked[0]).toEqual({ context: { 'client-id': 'unit-9' } });
});

test('without an audience the client id does, and nothing else', async () => {
  const { adapter, claims, present } = await givenAnAdapter();
  const { aud: _, ...others } = claims;
  const token = scriptedDeviceKey.sign(others);
  expect((await present(token, { clientId: byClientId })).code).toBe(0);
  expect(await adapter.events(1)).toMatchObject([
    { device: { device: 'thermostat-7' }, remoteId: byClientId },
  ]);
  expect((await present(token)).code).toBe(0x86);
  // A user name is another kind of credentials: there the token is a password, and a wrong one.
  expect((await present(token, { username: 'thermostat-7@acme' })).code).toBe(0x86);
});

test.each([
  ['of another key', 4, 4],
  ['of another key', 5, 0x86],
] as const)(
  'a token %s is refused in version %i with %i, and is in no line of the log',
  async (_what, version, code) => {
    const { adapter, claims, present } = await givenAnAdapter();
    const token = createDeviceKey().sign(claims);
    const { peer, code: told } = await present(token, {}, version);
    expect(told).toBe(code);
    await peer.closed();
    expect(adapter.sink.events).toEqual([]);
    const logged = JSON.stringify(adapter.logged);
    expect(logged).toContain('thermostat-7@acme');
    for (const part of token.split('.')) expect(logged).not.toContain(part);
  },
);

test('the session ends when the token does, ten minutes after its exp, by no packet of the device', async () => {
  const { adapter, claims, present, reasons } = await givenAnAdapter();
  const { peer } = await present(scriptedDeviceKey.sign({ ...claims, exp: Number(claims['iat']) + 30 }), {
    keepalive: 0,
  });
  await adapter.events(1);
  await adapter.clock.advanceAsync(629_999);
  expect(reasons()).toEqual([]);
  await adapter.clock.advanceAsync(1);
  expect(reasons()).toEqual(['credentials-expired']);
  expect(await peer.next()).toMatchObject({ cmd: 'disconnect' });
  await peer.closed();
});

test('a session that was opened with a later token outlives an earlier one', async () => {
  const { adapter, claims, present, reasons } = await givenAnAdapter();
  const iat = Number(claims['iat']);
  await present(scriptedDeviceKey.sign({ ...claims, exp: iat + 30 }), { clientId: 'a', keepalive: 0 });
  await present(scriptedDeviceKey.sign({ ...claims, exp: iat + 60 }), { clientId: 'b', keepalive: 0 });
  await adapter.events(2);
  await adapter.clock.advanceAsync(630_000);
  expect(reasons()).toEqual(['credentials-expired']);
  await adapter.clock.advanceAsync(29_999);
  expect(reasons()).toHaveLength(1);
  await adapter.clock.advanceAsync(1);
  expect(reasons()).toHaveLength(2);
});

test.each(accessChangesOf('rpk'))('a session when $what', async ({ happens, opened }) => {
  const { adapter, claims, present, reasons } = await givenAnAdapter();
  setFirstSecret(adapter.registry, 'rpk');
  await present(scriptedDeviceKey.sign(claims));
  await adapter.events(1);
  happens(adapter.registry, 'rpk', adapter.clock.now());
  await settled();
  expect(reasons()).toEqual(opened === 'stays' ? [] : [opened]);
});
