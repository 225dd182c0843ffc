import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DeviceRef } from '@rollcall/core';
import { answer } from './answer.ts';
import type { ApiContext } from './api-context.ts';
import { tenantFor } from './authorize.ts';
import { deviceJson } from './device-json.ts';
import { checkedDevice } from './names.ts';
import { badInput } from './problem.ts';
import { QueryReader } from './query-reader.ts';

const maxDevices = 1_000;

/** Many devices at once, in the order of the request. */
export function queryRoute(app: FastifyInstance, context: ApiContext): void {
  // Two colons are one: `/v1/devices:query`.
  app.post<{ readonly Querystring: string }>('/v1/devices::query', async (request, reply) => {
    new QueryReader(request.query, []);
    const devices = devicesIn(request);
    const asOf = context.asOf();
    // Most requests are about one tenant only.
    const found = await context.turns.take(devices[0]?.tenant ?? '', () => context.store.get(devices));
    return answer(reply, asOf, { devices: found.map(deviceJson) });
  });
}

function devicesIn(request: FastifyRequest): readonly DeviceRef[] {
  const { body } = request;
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw badInput('body', 'must be an object such as {"devices": [{"tenant": "…", "device": "…"}]}');
  const { devices, ...others } = body as Readonly<Record<string, unknown>>;
  if (Object.keys(others).length > 0) throw badInput('body', 'has a member other than devices');
  if (!Array.isArray(devices)) throw badInput('devices', 'must be a list');
  if (devices.length === 0 || devices.length > maxDevices)
    throw badInput('devices', `must have 1 to ${maxDevices} entries`);
  return devices.map((entry: unknown, index) => deviceIn(request, entry, `devices[${index}]`));
}

function deviceIn(request: FastifyRequest, entry: unknown, field: string): DeviceRef {
  if (typeof entry !== 'object' || entry === null) throw badInput(field, 'must be an object');
  const { tenant, device } = entry as { readonly tenant?: unknown; readonly device?: unknown };
  if (typeof tenant !== 'string') throw badInput(`${field}.tenant`, 'must be a text');
  if (typeof device !== 'string') throw badInput(`${field}.device`, 'must be a text');
  tenantFor(request, tenant);
  return checkedDevice({ tenant, device }, `${field}.`);
}
