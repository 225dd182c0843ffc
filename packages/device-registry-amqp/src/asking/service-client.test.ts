import { ManualClock, settled } from '@rollcall/conformance';
import { deviceRef, type TenantId } from '@rollcall/core';
import type { Answer, Presented } from '@rollcall/core/registry';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openBed, type BedFacts, type RegistryBed } from '../testing/registry-bed.ts';
import { startScriptedServices, type Reaction } from '../testing/scripted-services.ts';
import { StoredRegistry } from '../testing/stored-registry.ts';

const opened: { close(): Promise<void> }[] = [];
let clock = new ManualClock();
let seen: boolean[] = [];

beforeEach(() => {
  clock = new ManualClock();
  seen = [];
});
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

const acme = 'acme' as TenantId;
const device = deviceRef('acme', 'd1');
const query = { tenant: acme, type: 'hashed-password', authId: 'a1' } as const;

async function given(settings: BedFacts['settings'] = {}): Promise<RegistryBed> {
  const stored = new StoredRegistry();
  stored.putTenant('acme');
  stored.putTenant('umbrella');
  stored.putDevice('acme', 'd1');
  stored.putCredentials('acme', 'd1', { type: 'hashed-password', 'auth-id': 'a1', secrets: [] });
  const times = { linkTimeoutMs: 1_000, requestTimeoutMs: 200 };
  const bed = await openBed({ stored, clock, settings: { ...times, ...settings } });
  opened.push(bed);
  bed.registry.availability?.onChange((available) => seen.push(available));
  return bed;
}

/** Lets time pass until the condition holds. */
async function until(isSo: () => void): Promise<void> {
  await vi.waitFor(
    async () => {
      await clock.advanceAsync(20);
      isSo();
    },
    { timeout: 120_000, interval: 2 },
  );
}

function reactToTenants({ services }: RegistryBed, reaction: Reaction): void {
  services.react = ({ address }) => (address === 'tenant' ? reaction : undefined);
}

async function heard(bed: RegistryBed, count: number): Promise<void> {
  await vi.waitFor(() => expect(bed.services.heard).toHaveLength(count), 120_000);
}

describe('a question', () => {
  test('has the form that Hono has, and its answers come over a link that was there before', async () => {
    const { registry, services } = await given();
    await registry.getTenant('acme');
    await registry.getCredentials(query);
    await registry.assertRegistration(device);
    await registry.assertRegistration(device, deviceRef('', 'gw').device);
    const asked = services.heard.map(({ address, subject, properties, body }) => ({
      address,
      subject,
      properties,
      body,
    }));
    expect(asked).toEqual([
      { address: 'tenant', subject: 'get', properties: {}, body: { 'tenant-id': 'acme' } },
      {
        address: 'credentials/acme',
        subject: 'get',
        properties: {},
        body: { type: 'hashed-password', 'auth-id': 'a1' },
      },
      { address: 'registration/acme', subject: 'assert', properties: { device_id: 'd1' }, body: undefined },
      {
        address: 'registration/acme',
        subject: 'assert',
        properties: { device_id: 'd1', gateway_id: 'gw' },
        body: undefined,
      },
    ]);
    const uuid = '[0-9a-f-]{36}';
    for (const [index, { address, message }] of services.heard.entries()) {
      const [service] = address.split('/');
      expect(message.message_id).toMatch(new RegExp(`^${service}-client-${uuid}$`));
      expect(message.to).toBe(address);
      expect(message.reply_to).toMatch(new RegExp(`^${address}/${uuid}$`));
      expect(services.replyLinks).toContain(message.reply_to);
      expect(message.content_type ?? undefined).toBe(index < 2 ? 'application/json' : undefined);
    }
    expect(services.replyLinks, 'one for each tenant and service').toHaveLength(3);
    expect(services.containerIds.toSorted(), 'a connection for each service').toEqual([
      expect.stringContaining('test-credentials-'),
      expect.stringContaining('test-registration-'),
      expect.stringContaining('test-tenant-'),
    ]);
  });

  test('for credentials says what the device presented, and has an answer of its own for it', async () => {
    const { registry, services } = await given();
    const asked = () => services.heard.map(({ body }) => body);
    const base = { type: 'hashed-password', 'auth-id': 'a1' };
    const get = (presented?: Presented) => registry.getCredentials({ ...query, presented });
    for (let time = 0; time < 2; time++) {
      await get({ context: { 'client-id': 'one', 'auth-id': 'forged', type: 'psk' } });
      await get({ context: { 'client-id': 'two' } });
      await get({ certificate: Uint8Array.of(1, 2, 3) });
      await get({});
    }
    expect(asked()).toEqual([
      { ...base, 'client-id': 'one' },
      { ...base, 'client-id': 'two' },
      { ...base, 'client-certificate': 'AQID' },
      base,
    ]);
    expect((await get({ context: { 'client-id': 'x'.repeat(16_385) } })).status).toBe('not-found');
    expect(asked()).toHaveLength(4);
  });

  test('whose answer says that the device was just registered, is answered', async () => {
    const { registry, services } = await given();
    const body = { 'device-id': 'd1', type: 'x509-cert', 'auth-id': 'CN=new', secrets: [{}] };
    services.react = () => ({ status: 201, body });
    const answer = await registry.getCredentials({ tenant: acme, type: 'x509-cert', authId: 'CN=new' });
    expect(answer).toMatchObject({ status: 'found', value: { device, secrets: [{}] } });
  });

  test('that is not answered in time is given up, and the service is away until it answers again', async () => {
    const { registry, services } = await given();
    services.react = () => 'silence';
    const answer = registry.getTenant('acme');
    await until(() => expect(services.heard).toHaveLength(1));
    await settled();
    await clock.advanceAsync(250);
    const unavailable = { status: 'unavailable', cause: expect.any(Error) };
    expect(await answer).toEqual(unavailable);
    expect(seen).toEqual([false]);
    await until(() => expect(services.heard.length).toBeGreaterThan(1));
    services.react = () => undefined;
    await until(() => expect(seen).toEqual([false, true]));
    expect((await registry.getTenant('acme')).status).toBe('found');
  });

  test('that is the only one without an answer does not make the service count as away', async () => {
    const { registry, services } = await given();
    services.react = ({ body }) => (JSON.stringify(body).includes('umbrella') ? 'silence' : undefined);
    const silent = registry.getTenant('umbrella');
    await heard({ services } as RegistryBed, 1);
    expect((await registry.getTenant('acme')).status).toBe('found');
    await clock.advanceAsync(1_500);
    expect(await silent).toMatchObject({ status: 'unavailable', onlyThis: true });
    expect(seen).toEqual([]);
  });

  test('is not asked of a service that says it cannot answer: it is away until it can', async () => {
    const { registry, services } = await given();
    services.react = () => ({ status: 503 });
    const answer = await registry.getTenant('acme');
    expect([answer.status, 'onlyThis' in answer, seen]).toEqual(['unavailable', false, [false]]);
    services.react = () => undefined;
    await until(() => expect(seen).toEqual([false, true]));
  });

  test('that alone is answered with 503 does not make the service count as away, though it is asked nothing else', async () => {
    const { registry, services } = await given();
    services.react = ({ body, properties }) =>
      'gateway_id' in properties || JSON.stringify(body ?? {}).includes('client-certificate')
        ? { status: 503 }
        : undefined;
    const certificate = Uint8Array.of(1, 2, 3);
    const asked = await Promise.all([
      registry.getCredentials({
        ...query,
        ...{ type: 'x509-cert', authId: 'CN=new', presented: { certificate } },
      }),
      registry.assertRegistration(deviceRef('acme', 'new'), deviceRef('', 'gw').device),
    ]);
    expect(asked).toMatchObject([1, 2].map(() => ({ status: 'unavailable', onlyThis: true })));
    await clock.advanceAsync(10_000);
    expect(seen).toEqual([]);
  });

  test.each<readonly [string, (bed: RegistryBed) => Promise<unknown>]>([
    ['tenant', ({ registry }) => registry.getTenantByTrustAnchor('CN=ca')],
    [
      'credentials',
      ({ registry }) => registry.getCredentials({ ...query, presented: { certificate: Uint8Array.of(1) } }),
    ],
    ['registration', ({ registry }) => registry.assertRegistration(device, deviceRef('', 'gw').device)],
  ])(
    'to the %s service is not what asks whether that is back: that question registers nothing',
    async (name, ask) => {
      const bed = await given();
      const { services } = bed;
      services.react = () => ({ status: 503 });
      await ask(bed);
      await until(() => expect(services.heard).toHaveLength(4));
      const tenant = { subject: 'get', properties: {}, body: { 'tenant-id': 'rollcall-probe' } };
      const credentials = { subject: 'get', body: { type: 'hashed-password', 'auth-id': 'rollcall-probe' } };
      const registration = {
        subject: 'assert',
        properties: { device_id: 'rollcall-probe' },
        body: undefined,
      };
      const neutral = { tenant, credentials, registration }[name];
      const probe = { ...neutral, address: services.heard[0]?.address };
      expect(services.heard.slice(1)).toMatchObject([probe, probe, probe]);
      services.react = () => undefined;
      await until(() => expect(seen).toEqual([false, true]));
    },
  );

  test.each<readonly [string, (bed: RegistryBed) => void]>([
    ['rejected', (bed) => reactToTenants(bed, 'rejected')],
    [
      'asked at an address that is refused',
      ({ services }) => services.refused.set('tenant', 'amqp:unauthorized-access'),
    ],
    [
      'whose answers are refused',
      ({ services }) => services.refused.set('tenant/*', 'amqp:unauthorized-access'),
    ],
    ['answered with 403', (bed) => reactToTenants(bed, { status: 403 })],
    ['answered with 400', (bed) => reactToTenants(bed, { status: 400 })],
    ['answered with 500', (bed) => reactToTenants(bed, { status: 500 })],
  ])('%s cannot be answered, and others can', async (_what, happens) => {
    const bed = await given();
    happens(bed);
    expect(await bed.registry.getTenant('acme')).toMatchObject({ status: 'unavailable', onlyThis: true });
    expect((await bed.registry.assertRegistration(device)).status).toBe('found');
    expect(seen).toEqual([]);
  });

  test('that was under way when the connection was lost is asked again on the next one', async () => {
    const bed = await given();
    const { registry, services } = bed;
    services.react = () => 'silence';
    const answer = registry.getTenant('acme');
    await heard(bed, 1);
    services.react = () => undefined;
    services.drop();
    await until(() => expect(services.heard).toHaveLength(2));
    expect((await answer).status).toBe('found');
    expect(seen, 'it was not away').toEqual([]);
  });

  test('has its turn: a limited number is under way at a time, and tenants take turns', async () => {
    const bed = await given({ maxOutstanding: 2 });
    const { registry, services } = bed;
    services.react = () => 'silence';
    const ids = ['d2', 'd3', 'd4', 'd5'];
    const many = ids.map((id) => registry.assertRegistration(deviceRef('acme', id)));
    const one = registry.assertRegistration(deviceRef('umbrella', 'd9'));
    await heard(bed, 2);
    await settled();
    expect(services.heard.map(({ properties }) => properties['device_id'])).toEqual(['d2', 'd3']);
    await clock.advanceAsync(200);
    await heard(bed, 4);
    expect(services.heard.slice(2).map(({ properties }) => properties['device_id'])).toContain('d9');
    await clock.advanceAsync(2_000);
    expect((await Promise.all([...many, one])).map(({ status }) => status)).toEqual(
      Array.from({ length: 5 }, () => 'unavailable'),
    );
  });
});

test('an answer that nobody asked for, or that comes too late, is left aside', async () => {
  const { registry, services, log } = await given();
  const late = Promise.withResolvers<void>();
  services.beforeAnswer = () => late.promise;
  const answer = registry.getTenant('acme');
  await until(() => expect(services.heard).toHaveLength(1));
  await clock.advanceAsync(250);
  expect((await answer).status).toBe('unavailable');
  late.resolve();
  services.beforeAnswer = async () => {};
  services.sendStray();
  expect((await registry.getTenant('acme')).status).toBe('found');
  expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

test('while the services are away, kept answers are served until they expire, and the rest is unavailable at once', async () => {
  const bed = await given({ keepSeconds: 6 });
  const { registry, services } = bed;
  const ask = (): Promise<readonly Answer<unknown>['status'][]> =>
    Promise.all([
      registry.getTenant('acme').then(({ status }) => status),
      registry.getTenant('umbrella').then(({ status }) => status),
      registry.getCredentials(query).then(({ status }) => status),
    ]);
  expect((await registry.getTenant('acme')).status).toBe('found');
  expect((await registry.getCredentials(query)).status).toBe('found');
  const { port, stored } = services;
  await services.close();
  await until(() => expect(seen).toEqual([false]));
  expect(await ask()).toEqual(['found', 'unavailable', 'found']);
  await clock.advanceAsync(1_000);
  expect(await ask()).toEqual(['found', 'unavailable', 'found']);
  await clock.advanceAsync(6_000);
  expect(await ask(), 'out of date').toEqual(['unavailable', 'unavailable', 'unavailable']);

  const again = await startScriptedServices(stored, port);
  opened.push(again);
  await until(() => expect(seen).toEqual([false, true]));
  expect(await ask()).toEqual(['found', 'found', 'found']);
});

test('a registry that is away at the start does not keep an adapter from starting', async () => {
  let bed: RegistryBed | undefined;
  void openBed({ clock, port: 1, settings: { linkTimeoutMs: 1_000 } }).then((each) => (bed = each));
  await vi.waitFor(async () => {
    await clock.advanceAsync(1_000);
    expect(bed).toBeDefined();
  }, 120_000);
  if (!bed) throw new Error('it did not open');
  opened.push(bed);
  expect(bed.registry.availability?.now()).toBe(false);
  expect(await bed.registry.getTenant('acme')).toMatchObject({ status: 'unavailable' });
  expect(bed.registry.services?.().services.map(({ reachable }) => reachable)).toEqual([false, false, false]);
});

test('when it is closed, nothing is left, and questions are unavailable', async () => {
  const bed = await given();
  const { registry, services } = bed;
  services.react = () => 'silence';
  const answer = registry.getTenant('acme');
  await heard(bed, 1);
  opened.splice(0);
  await bed.close();
  expect((await answer).status).toBe('unavailable');
  expect((await registry.getTenant('umbrella')).status).toBe('unavailable');
  expect([clock.armed, bed.notifications.isClosed]).toEqual([0, true]);
});
