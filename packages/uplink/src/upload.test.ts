import { ManualClock, seededRandom, RecordingSender } from '@rollcall/conformance';
import { ScriptedRegistry } from '@rollcall/conformance/registry';
import { deviceRef } from '@rollcall/core';
import type { Tenant } from '@rollcall/core/registry';
import { describe, expect, test } from 'vitest';
import type { UploadRequest } from './host-uplink.ts';
import { createKnownUploaders } from './known-uploaders.ts';
import { mergedDefaults } from './merged-defaults.ts';
import { upload } from './upload.ts';

const payload = new TextEncoder().encode('21.5');

async function givenAnUpload(
  facts: Partial<UploadRequest> & { as?: string; allowsAnonymous?: boolean; tells?: boolean } = {},
  tenantFacts: Partial<Tenant> = {},
) {
  const { as: device = 'thermostat-7', allowsAnonymous = true, tells = false, ...rest } = facts;
  const registry = new ScriptedRegistry(tenantFacts);
  if (tells) registry.tellsEveryChange = true;
  const sender = new RecordingSender();
  const context = {
    adapterType: 'hono-test',
    registry,
    known: createKnownUploaders(registry),
    sender,
    clock: new ManualClock(),
    random: seededRandom(1),
    allowsAnonymous: () => allowsAnonymous,
  };
  const found = await registry.getTenant('acme');
  if (found.status !== 'found') throw new Error('no tenant');
  const by = { device: deviceRef('acme', device), authId: device, tenant: found.value };
  const request: UploadRequest = {
    endpoint: 'telemetry',
    qos: 1,
    payload,
    origAddress: 'telemetry',
    ...rest,
  };
  return {
    registry,
    sender,
    send: ({ anonymous = false, ...others }: Partial<UploadRequest> & { anonymous?: boolean } = {}) =>
      upload({ ...request, ...others, ...(!anonymous && { by }) }, context),
  };
}

test.each([
  [{ seconds: 40 }, 30],
  [{ seconds: 20 }, 20],
  [{ seconds: 40, longestSeconds: 10 }, 10],
  [{ seconds: 0 }, undefined],
])('a device that did not say who it is, and asks for %j, waits for %j s', async (ttdAsked, ttdSeconds) => {
  const adapters = [{ type: 'hono-test', enabled: true, ext: { 'max-ttd': 30 } }];
  const { sender, send } = await givenAnUpload(
    { ttdAsked, target: { tenant: 'acme', device: 'valve-1' } },
    { adapters },
  );
  const waits = ttdSeconds === undefined ? {} : { ttdSeconds };
  expect(await send({ anonymous: true })).toEqual({ status: 'accepted', ...waits });
  expect(sender.messages[0]?.ttdSeconds).toBe(ttdSeconds);
});

test('a message gets its content type, origin and a trace context', async () => {
  const { sender, send } = await givenAnUpload();
  expect(await send()).toEqual({ status: 'accepted' });
  expect(sender.messages).toMatchObject([
    {
      endpoint: 'telemetry',
      device: { tenant: 'acme', device: 'thermostat-7' },
      contentType: 'application/octet-stream',
      origAdapter: 'hono-test',
      origAddress: 'telemetry',
      traceParent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
    },
  ]);
});

test.each([
  [{}, 'Only QoS 1 supported for event messages'],
  [{ qos0EventText: 'in words of the protocol' }, 'in words of the protocol'],
])('an event of QoS 0 is refused (%j)', async (facts, text) => {
  const { sender, send } = await givenAnUpload({ endpoint: 'event', qos: 0, ...facts });
  expect(await send()).toEqual({ status: 'failed', failure: { status: 400, text }, terminal: false });
  expect(sender.messages).toEqual([]);
});

test('a well-formed trace context of the device is kept, a malformed one replaced', async () => {
  const given = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const kept = await givenAnUpload({ traceParent: given, traceState: 'a=b' });
  await kept.send();
  expect(kept.sender.messages[0]).toMatchObject({ traceParent: given, traceState: 'a=b' });
  for (const traceParent of ['00-0-0-01', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`]) {
    const replaced = await givenAnUpload({ traceParent, traceState: 'a=b' });
    await replaced.send();
    expect(replaced.sender.messages[0]?.traceParent).not.toBe(traceParent);
    expect(replaced.sender.messages[0]?.traceState).toBeUndefined();
  }
});

describe('properties that a device gives', () => {
  const given = (pairs: [string, string][], ext: Record<string, unknown>, type = 'hono-test') =>
    givenAnUpload(
      { properties: pairs },
      {
        defaults: { color: 'blue', plain: 1 },
        adapters: [
          { type, enabled: true, ext },
          { type: 'hono-test', enabled: true, ext: {} },
        ],
      },
    );
  const permitted = { 'forward-user-properties': true };

  test('stand above the defaults, the last of a name counts, and no more than 32 are taken', async () => {
    const many = Array.from({ length: 50 }, (_, index): [string, string] => [`p${index}`, '1']);
    const { send, sender } = await given([['color', 'red'], ['color', 'green'], ...many], permitted);
    await send();
    const properties = sender.messages[0]?.properties ?? {};
    expect(properties).toMatchObject({ color: 'green', plain: 1, p0: '1' });
    expect(Object.keys(properties)).toHaveLength(2 + 30);
  });

  test.each([
    'device_id',
    'tenant_id',
    'gateway_id',
    'qos',
    'orig_adapter',
    'ttd',
    'to',
    'ttl',
    'content-type',
    'rollcall_x',
    '',
  ])('%j is not theirs to say', async (name) => {
    const { send, sender } = await given([[name, 'x']], permitted);
    await send();
    expect({ ...sender.messages[0]?.properties }).toEqual({ color: 'blue', plain: 1 });
  });

  test.each([
    ['says nothing of it', {}, 'hono-test'],
    ['says it of another adapter', permitted, 'hono-other'],
    ['does not mean it', { 'forward-user-properties': 'yes' }, 'hono-test'],
  ])('are left out where the tenant %s', async (_what, ext, type) => {
    const { send, sender } = await given([['color', 'red']], ext, type);
    await send();
    expect(sender.messages[0]?.properties).toMatchObject({ color: 'blue' });
  });

  test('are made fit to be shown', async () => {
    const { send, sender } = await given([['a\u001b', 'b\u202e']], permitted);
    await send();
    expect(sender.messages[0]?.properties).toMatchObject({ 'a\\u{1b}': 'b\\u{202e}' });
  });
});

describe('payload and content type', () => {
  const empty = new Uint8Array();
  const notification = 'application/vnd.eclipse-hono-empty-notification';
  test.each([
    ['empty, none', { payload: empty }, 400],
    ['empty, any', { payload: empty, contentType: 'text/plain' }, 'accepted'],
    ['full, empty notification', { contentType: notification }, 400],
    ['empty, empty notification', { payload: empty, contentType: notification }, 'accepted'],
  ] as const)('%s', async (_what, facts, expected) => {
    const { send } = await givenAnUpload(facts);
    const result = await send();
    expect(result.status === 'failed' ? result.failure.status : result.status).toBe(expected);
  });
});

describe('who may upload for whom', () => {
  test.each([
    ['its own data, addressed in full', { target: { tenant: 'acme', device: 'thermostat-7' } }, undefined],
    [
      'another tenant',
      { target: { tenant: 'umbrella', device: 'thermostat-7' } },
      { status: 403, terminal: false },
    ],
    ['a device it is no gateway for', { target: { device: 'valve-1' } }, { status: 403, terminal: false }],
    ['a gateway for its device', { as: 'gw-1', target: { device: 'valve-1' } }, undefined],
  ])('%s', async (_what, facts, failure) => {
    const { send } = await givenAnUpload(facts);
    const result = await send();
    const seen =
      result.status === 'failed' ? { status: result.failure.status, terminal: result.terminal } : undefined;
    expect(seen).toEqual(failure);
  });

  test('the device behind a gateway is the origin of the message', async () => {
    const { sender, send } = await givenAnUpload({ as: 'gw-1', target: { device: 'valve-1' } });
    await send();
    expect(sender.messages[0]?.device).toEqual(deviceRef('acme', 'valve-1'));
  });

  test('a device or tenant that was disabled since ends the access of the connection', async () => {
    const device = await givenAnUpload();
    device.registry.disable('acme', 'thermostat-7');
    expect(await device.send()).toMatchObject({ status: 'failed', failure: { status: 404 }, terminal: true });
    const tenant = await givenAnUpload();
    tenant.registry.disable('acme');
    expect(await tenant.send()).toMatchObject({ status: 'failed', failure: { status: 403 }, terminal: true });
  });

  test('an unknown device behind a good gateway does not end the access of the gateway', async () => {
    const { registry, send } = await givenAnUpload({ as: 'gw-1', target: { device: 'valve-1' } });
    registry.disable('acme', 'valve-1');
    expect(await send()).toMatchObject({ status: 'failed', failure: { status: 404 }, terminal: false });
  });

  test('a registry that is away is no fault of the device', async () => {
    const { registry, send } = await givenAnUpload();
    registry.unavailable = true;
    expect(await send()).toMatchObject({ status: 'failed', failure: { status: 503 }, terminal: false });
  });
});

describe('a device that did not say who it is', () => {
  async function givenAnAnonymousUpload(
    target: UploadRequest['target'],
    facts: { allowsAnonymous?: boolean } = {},
    tenantFacts: Partial<Tenant> = {},
  ) {
    const { registry, sender, send } = await givenAnUpload(
      { ...facts, ...(target && { target }) },
      tenantFacts,
    );
    return { registry, sender, send: () => send({ anonymous: true }) };
  }

  test('uploads for any registered device, named with its tenant', async () => {
    const { sender, send } = await givenAnAnonymousUpload({ tenant: 'acme', device: 'valve-1' });
    expect(await send()).toEqual({ status: 'accepted' });
    expect(sender.messages).toMatchObject([{ device: { tenant: 'acme', device: 'valve-1' } }]);
  });

  test.each([
    ['without saying for whom', undefined, 400],
    ['without saying of which tenant', { device: 'valve-1' }, 400],
    ['for a device that is not registered', { tenant: 'acme', device: 'nobody' }, 404],
    ['for a tenant that does not exist', { tenant: 'nowhere', device: 'valve-1' }, 404],
  ] as const)('uploads nothing %s', async (_what, target, status) => {
    const { sender, send } = await givenAnAnonymousUpload(target);
    expect(await send()).toMatchObject({ status: 'failed', failure: { status }, terminal: false });
    expect(sender.messages).toEqual([]);
  });

  test('uploads nothing for what is disabled, and has no access that could end', async () => {
    const target = { tenant: 'acme', device: 'valve-1' };
    const disabledDevice = await givenAnAnonymousUpload(target);
    disabledDevice.registry.disable('acme', 'valve-1');
    expect(await disabledDevice.send()).toMatchObject({ failure: { status: 404 }, terminal: false });
    const disabledTenant = await givenAnAnonymousUpload(target);
    disabledTenant.registry.disable('acme');
    expect(await disabledTenant.send()).toMatchObject({ failure: { status: 403 }, terminal: false });
    const disabledAdapter = await givenAnAnonymousUpload(target, {}, { adapters: [] });
    expect(await disabledAdapter.send()).toMatchObject({ failure: { status: 403 }, terminal: false });
  });

  test('uploads no faster than the device itself might', async () => {
    const { send } = await givenAnAnonymousUpload(
      { tenant: 'acme', device: 'valve-1' },
      { allowsAnonymous: false },
    );
    expect(await send()).toMatchObject({ failure: { status: 429 } });
  });
});

describe('default properties and time to live', () => {
  test('defaults of the tenant complete the message', async () => {
    const { sender, send } = await givenAnUpload(
      { endpoint: 'event' },
      { defaults: { 'content-type': 'text/plain', site: 'north', ttl: 60 } },
    );
    await send();
    expect(sender.messages[0]).toMatchObject({
      contentType: 'text/plain',
      ttlMs: 60_000,
      properties: { site: 'north' },
    });
  });

  test('defaults of a device stand above those of its tenant', () =>
    expect(mergedDefaults({ site: 'north', ttl: 60 }, { site: 'south', floor: 2 })).toEqual({
      site: 'south',
      ttl: 60,
      floor: 2,
    }));

  test.each([
    [{ ttlSeconds: 30 }, {}, {}, 30_000],
    [{ ttlSeconds: 300 }, {}, { maxTtlSeconds: 60 }, 60_000],
    [{}, {}, { maxTtlSeconds: 60 }, 60_000],
    [{}, { ttl: 20 }, { maxTtlSeconds: 60 }, 20_000],
    [{}, {}, {}, undefined],
  ])('event asks %j, default %j, limit %j: %s ms', async (asked, defaults, limits, expected) => {
    const { sender, send } = await givenAnUpload({ endpoint: 'event', ...asked }, { defaults, limits });
    await send();
    expect(sender.messages[0]?.ttlMs).toBe(expected);
  });
});

test('what the network answers reaches the device', async () => {
  const { sender, send } = await givenAnUpload();
  sender.outcome = () => ({ status: 'failed', failure: { status: 503, text: 'no consumer available' } });
  expect(await send()).toEqual({
    status: 'failed',
    failure: { status: 503, text: 'no consumer available' },
    terminal: false,
  });
});

describe('where the registry tells of every change', () => {
  test('a device is not looked up with each message', async () => {
    const { registry, send } = await givenAnUpload({ tells: true });
    await send();
    const { asked } = registry;
    expect(await send()).toEqual({ status: 'accepted' });
    expect(registry.asked).toBe(asked);
  });

  test.each<[what: string, change: (registry: ScriptedRegistry) => void, status: number]>([
    ['its tenant is disabled', (registry) => registry.disable('acme'), 403],
    ['it is disabled', (registry) => registry.disable('acme', 'thermostat-7'), 404],
    ['its tenant is deleted', (registry) => registry.setTenant('acme', 'deleted'), 404],
  ])('it uploads no more once %s', async (_what, change, status) => {
    const { registry, send } = await givenAnUpload({ tells: true });
    await send();
    change(registry);
    expect(await send()).toMatchObject({ status: 'failed', failure: { status }, terminal: true });
  });

  test('its messages get the default properties that its tenant has now', async () => {
    const { registry, sender, send } = await givenAnUpload({ tells: true });
    await send();
    registry.setTenant('acme', { defaults: { place: 'cellar' } });
    await send();
    await send();
    expect(sender.messages.map(({ properties }) => properties?.['place'])).toEqual([
      undefined,
      'cellar',
      'cellar',
    ]);
  });

  test('what changes while it is looked up is not missed', async () => {
    const { registry, send } = await givenAnUpload({ tells: true });
    const answer = registry.hold();
    const first = send();
    registry.setTenant('acme', { defaults: {} });
    answer();
    await first;
    const { asked } = registry;
    await send();
    expect(registry.asked).toBe(asked + 1);
  });

  test('a gateway is asked about with each message for another', async () => {
    const { registry, send } = await givenAnUpload({
      tells: true,
      as: 'gw-1',
      target: { device: 'valve-1' },
    });
    await send();
    const { asked } = registry;
    await send();
    expect(registry.asked).toBe(asked + 1);
  });

  test('a gateway does not become the device that it uploaded for', async () => {
    const { sender, send } = await givenAnUpload({ tells: true, as: 'gw-1' });
    await send({ target: { device: 'valve-1' } });
    await send();
    expect(sender.messages.map(({ device }) => device.device)).toEqual(['valve-1', 'gw-1']);
  });
});
