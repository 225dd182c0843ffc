import { expect, test } from 'vitest';
import type { DeviceContent } from '../store/registry-content.ts';
import type { RegistrationFacts, StoredDevice } from '../store/registry-store.ts';
import { storedDevice, storedTenant } from '../testing/stored.ts';
import { createRegistrationService, type EdgeOutcome } from './registration-service.ts';

interface Given {
  readonly device?: StoredDevice;
  readonly gateway?: StoredDevice;
  readonly members?: readonly string[];
  readonly tenant?: false;
  /** The outcome for a device that a gateway brings, and the facts about it afterwards. */
  readonly provisioned?: EdgeOutcome;
  readonly afterwards?: StoredDevice;
}

function given({ device, gateway, members = [], tenant, provisioned, afterwards }: Given) {
  const provisionings: string[] = [];
  const told: string[] = [];
  const service = createRegistrationService({
    store: {
      async registration(_tenant, _device, gatewayId): Promise<RegistrationFacts> {
        const known = provisionings.length > 0 ? afterwards : device;
        return {
          ...(tenant !== false && { tenant: storedTenant('acme') }),
          ...(known && { device: known }),
          ...(gateway && gatewayId !== undefined && { gateway }),
          members,
        };
      },
    },
    provisioning: {
      async provision(_tenant, deviceId, by) {
        provisionings.push(`${deviceId} by ${by.id}`);
        return provisioned ?? { status: 'refused', code: 500 };
      },
      async sendEvent(_tenant, of) {
        told.push(of.id);
        return of.status.autoProvisioned ? { status: 'refused', code: 503 } : { status: 'registered' };
      },
    },
  });
  const ask = (gatewayId?: string, properties: Record<string, unknown> = { device_id: 'd-1' }) =>
    service.answer({
      tenant: 'acme',
      subject: 'assert',
      properties: { ...properties, ...(gatewayId !== undefined && { gateway_id: gatewayId }) },
      body: undefined,
    });
  return { ask, provisionings, told };
}

test('a device is answered with its defaults, mappers and command endpoint, and nothing else', async () => {
  const content: DeviceContent = {
    enabled: true,
    ext: { secret: 'of the registry' },
    defaults: { importance: 'high' },
    'downstream-message-mapper': 'down',
    'upstream-message-mapper': 'up',
    'command-endpoint': { uri: 'https://device.example' },
    memberOf: [],
  };
  const { ask } = given({ device: storedDevice('d-1', content) });
  expect(await ask()).toEqual({
    kind: 'result',
    tenant: 'acme',
    status: 200,
    cacheControl: 'max-age = 300',
    body: {
      'device-id': 'd-1',
      defaults: { importance: 'high' },
      'downstream-message-mapper': 'down',
      'upstream-message-mapper': 'up',
      'command-endpoint': { uri: 'https://device.example' },
    },
  });
});

test('via has the named gateways and the members of the named groups, each once', async () => {
  const device = storedDevice('d-1', { via: ['gw-1', 'gw-2'], viaGroups: ['g'] });
  const { ask } = given({ device, members: ['gw-2', 'gw-3'] });
  expect(await ask()).toMatchObject({ body: { 'device-id': 'd-1', via: ['gw-1', 'gw-2', 'gw-3'] } });
});

const device = storedDevice('d-1', { via: ['gw-1'], viaGroups: ['g'] });
const gateway = storedDevice('gw-1');

test.each<[string, Given, string | undefined, number]>([
  ['of no tenant', { tenant: false }, undefined, 404],
  ['that is not there', {}, undefined, 404],
  ['that is disabled', { device: storedDevice('d-1', { enabled: false }) }, undefined, 404],
  [
    'that is disabled, whatever its gateway',
    { device: storedDevice('d-1', { enabled: false }) },
    'gw-1',
    404,
  ],
  ['that is not there, and whose gateway has no authority', { gateway }, 'gw-1', 404],
  ['through a gateway that it names', { device, gateway }, 'gw-1', 200],
  [
    'through a member of a group that it names',
    { device, gateway: storedDevice('gw-9', { memberOf: ['g', 'h'] }) },
    'gw-9',
    200,
  ],
  ['through a gateway that is not there', { device }, 'gw-1', 403],
  [
    'through one that is disabled',
    { device, gateway: storedDevice('gw-1', { enabled: false }) },
    'gw-1',
    403,
  ],
  ['through one that it does not name', { device, gateway: storedDevice('gw-9') }, 'gw-9', 403],
  ['through itself', { device, gateway: device }, 'd-1', 403],
])('a device %s: %s', async (_what, facts, gatewayId, status) => {
  const { ask, provisionings } = given(facts);
  expect(await ask(gatewayId)).toMatchObject({ kind: 'result', status });
  expect(provisionings).toEqual([]);
});

const authorised = storedDevice('gw-1', { authorities: ['auto-provisioning-enabled'] });

test('an unregistered device is registered if its gateway has the authority', async () => {
  const { ask, provisionings } = given({
    gateway: authorised,
    provisioned: { status: 'registered' },
    afterwards: device,
  });
  expect(await ask('gw-1')).toMatchObject({ status: 200, body: { 'device-id': 'd-1', via: ['gw-1'] } });
  expect(provisionings).toEqual(['d-1 by gw-1']);
});

test.each<[string, Partial<Given>, number]>([
  ['that the registry refuses', { provisioned: { status: 'refused', code: 400 } }, 400],
  ['that is gone again', { provisioned: { status: 'registered' } }, 404],
  [
    'that another gateway brought at the same time',
    { provisioned: { status: 'registered' }, afterwards: storedDevice('d-1', { via: ['gw-2'] }) },
    403,
  ],
])('a device %s is refused: %s', async (_what, facts, status) => {
  expect(await given({ gateway: authorised, ...facts }).ask('gw-1')).toMatchObject({ status });
});

test('a disabled gateway with the authority registers nothing', async () => {
  const disabled = storedDevice('gw-1', { enabled: false, authorities: ['auto-provisioning-enabled'] });
  const { ask, provisionings } = given({ gateway: disabled });
  expect(await ask('gw-1')).toMatchObject({ status: 404 });
  expect(provisionings).toEqual([]);
});

test('the event about a device that came through its gateway is sent, and the request fails if that fails', async () => {
  const untold = storedDevice('d-1', { via: ['gw-1'] }, { autoProvisioned: true });
  const { ask, told } = given({ device: untold, gateway });
  expect(await ask('gw-1')).toMatchObject({ status: 503 });
  expect(await ask()).toMatchObject({ status: 200 });
  expect(told).toEqual(['d-1']);
});

test('a request without device_id, or of another operation, is answered with 400', async () => {
  const { ask } = given({ device });
  expect(await ask(undefined, {})).toMatchObject({ kind: 'failure', status: 400 });
  expect(await ask(undefined, { device_id: 7 })).toMatchObject({ kind: 'failure', status: 400 });
});

test('adapters get the extensions of a device that concern its presence', async () => {
  const ext = { 'presence-interval': 10, 'presence-probe': true, 'max-connections-per-device': 2 };
  const { ask } = given({ device: storedDevice('d-1', { ext: { ...ext, secret: 'of the registry' } }) });
  expect(await ask()).toHaveProperty('body.ext', ext);
});
