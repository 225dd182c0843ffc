import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { DeviceStatus } from '../../store/registry-store.ts';
import { deviceContent } from '../content/device-content.ts';
import { honoTime, parse } from '../content/fields.ts';
import { searchQuery } from '../content/search-query.ts';
import { checkedDevice, deviceOf, tenantOf, type OfDevice, type OfTenant } from './addressed.ts';
import { answerCreated, answerJson, answerPage, answerWritten } from './answers.ts';
import { expectedVersions } from './if-match.ts';
import type { ManagementContext } from './management-context.ts';
import { notFound, requireDone } from './require-done.ts';
import { queryText, requiredBody } from './tenant-routes.ts';

export function deviceRoutes(app: FastifyInstance, context: ManagementContext): void {
  const { store, turns, clock } = context;

  async function create(
    tenant: string,
    device: string,
    body: unknown,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const content = parse(deviceContent, body === undefined ? {} : body);
    const version = randomUUID();
    const at = clock.now();
    requireDone(
      await turns.take(tenant, () =>
        store.write({ kind: 'create-device', tenant, device, content, version, at }),
      ),
    );
    return answerCreated(reply, ['devices', tenant, device], device, version);
  }

  app.post<OfTenant>('/v1/devices/:tenant', async (request, reply) => {
    const tenant = tenantOf(request, 'admin', context);
    return create(tenant, checkedDevice(randomUUID(), context), request.body, reply);
  });

  app.post<OfDevice>('/v1/devices/:tenant/:device', async (request, reply) => {
    const { tenant, device } = deviceOf(request, 'admin', context);
    return create(tenant, device, request.body, reply);
  });

  app.get<OfTenant>('/v1/devices/:tenant', async (request, reply) => {
    const tenant = tenantOf(request, 'read', context);
    const query = searchQuery(queryText(request));
    const page = await turns.take(tenant, () => store.searchDevices(tenant, query));
    return answerPage(reply, page, query.pageSize, ({ id, content }) => ({ id, ...content }));
  });

  app.delete<OfTenant>('/v1/devices/:tenant', async (request, reply) => {
    const tenant = tenantOf(request, 'admin', context);
    requireDone(await turns.take(tenant, () => store.write({ kind: 'delete-devices', tenant })));
    return answerWritten(reply);
  });

  app.get<OfDevice>('/v1/devices/:tenant/:device', async (request, reply) => {
    const { tenant, device: id } = deviceOf(request, 'read', context);
    const facts = await turns.take(tenant, () => store.registration(tenant, id));
    if (!facts.tenant) throw notFound('tenant');
    const { device } = facts;
    if (!device) throw notFound('device');
    return answerJson(reply, { ...device.content, status: shownStatus(device.status) }, device.version);
  });

  changingRoutes(app, context);
}

function changingRoutes(app: FastifyInstance, context: ManagementContext): void {
  const { store, turns, clock } = context;

  app.put<OfDevice>('/v1/devices/:tenant/:device', async (request, reply) => {
    const { tenant, device } = deviceOf(request, 'admin', context);
    const content = parse(deviceContent, requiredBody(request));
    const [version, at] = [randomUUID(), clock.now()];
    const expected = expectedVersions(request.headers['if-match']);
    requireDone(
      await turns.take(tenant, () =>
        store.write({
          kind: 'update-device',
          ...{ tenant, device, content, version, at },
          ...(expected && { expected }),
        }),
      ),
    );
    return answerWritten(reply, version);
  });

  app.delete<OfDevice>('/v1/devices/:tenant/:device', async (request, reply) => {
    const { tenant, device } = deviceOf(request, 'admin', context);
    const expected = expectedVersions(request.headers['if-match']);
    const outcome = await turns.take(tenant, () =>
      store.write({ kind: 'delete-device', tenant, device, ...(expected && { expected }) }),
    );
    // A client that cleans up need not care whether it deleted the tenant first.
    if (outcome.status === 'not-found' && outcome.what === 'tenant') return answerWritten(reply);
    requireDone(outcome);
    return answerWritten(reply);
  });
}

function shownStatus({ createdAt, updatedAt, autoProvisioned, provisioningEventSent }: DeviceStatus): object {
  return {
    created: honoTime(createdAt),
    ...(updatedAt !== undefined && { updated: honoTime(updatedAt) }),
    ...(autoProvisioned && { 'auto-provisioned': true }),
    ...(provisioningEventSent && { 'auto-provisioning-notification-sent': true }),
  };
}
