import type { FastifyInstance } from 'fastify';
import type { PresenceSummary, Timeline } from '../store/presence-store.ts';
import { answer } from './answer.ts';
import type { ApiContext } from './api-context.ts';
import { isoTime, withLagAt } from './as-of.ts';
import { tenantFor } from './authorize.ts';
import { deviceJson } from './device-json.ts';
import { keptSince } from './kept-since.ts';
import { maxCursorLength } from './device-routes.ts';
import { CountCache } from './count-cache.ts';
import { QueryReader } from './query-reader.ts';
import { refuseUnknownReason } from './unknown-reason.ts';
import { readTimelineQuery, timelineJson } from './timelines.ts';

interface OfTenant {
  readonly Params: { readonly tenant: string };
  readonly Querystring: string;
}

/** Counts, and since when all connections were kept that they count. */
interface KeptTimeline {
  readonly timeline: Timeline;
  readonly keptSinceMs: number;
}

const path = '/v1/tenants/:tenant';

/** What is asked about the devices of a tenant. */
export function tenantRoutes(app: FastifyInstance, context: ApiContext): void {
  const { store, turns } = context;
  const summaries = new CountCache<PresenceSummary>(context, { ttlMs: 2_000, maxEntries: 1_000 });
  const timelines = new CountCache<KeptTimeline>(context, { ttlMs: 10_000, maxEntries: 200 });

  app.get<OfTenant>(`${path}/devices`, async (request, reply) => {
    const tenant = tenantFor(request, request.params.tenant);
    const query = readListQuery(request.query);
    const asOf = context.asOf();
    const { devices, next } = await turns.take(tenant, () => store.list(tenant, query));
    if (devices.length === 0) await refuseUnknownReason(context, tenant, query);
    return answer(reply, asOf, { devices: devices.map(deviceJson), ...(next !== undefined && { next }) });
  });

  app.get<OfTenant>(`${path}/timeline`, async (request, reply) => {
    const tenant = tenantFor(request, request.params.tenant);
    const query = readTimelineQuery(request.query, context.clock.now());
    const { fromMs, toMs, stepMs } = query;
    const { result, asOf } = await timelines.of(
      tenant,
      `${fromMs} ${toMs} ${stepMs}`,
      async (counts): Promise<KeptTimeline> => ({
        timeline: await counts.timeline(tenant, query),
        // What was dropped while it was counted does not count as known.
        keptSinceMs: await keptSince(context, tenant),
      }),
    );
    return answer(reply, withLagAt(asOf, context.clock.now()), {
      ...timelineJson(tenant, query, result.timeline),
      'known-since': isoTime(Math.max(asOf.coveredSince, result.keptSinceMs)),
    });
  });

  app.get<OfTenant>(`${path}/summary`, async (request, reply) => {
    const tenant = tenantFor(request, request.params.tenant);
    const query = new QueryReader(request.query, ['flaps']);
    const flapsPerHour = query.wholeNumber('flaps', 1, 100_000) ?? context.flapsPerHour;
    const { result, asOf } = await summaries.of(tenant, String(flapsPerHour), (counts) =>
      counts.summary(tenant, { flapsPerHour }),
    );
    const { byStatus, byProtocol, byReason, byAdapter, flapping } = result;
    return answer(reply, withLagAt(asOf, context.clock.now()), {
      tenant,
      devices: byStatus,
      protocols: byProtocol,
      reasons: byReason,
      adapters: byAdapter,
      'flaps-per-hour': flapsPerHour,
      flapping: flapping.map(({ device: { device }, changes }) => ({ device, changes })),
    });
  });
}

function readListQuery(text: string) {
  const query = new QueryReader(text, ['status', 'protocol', 'reason', 'since', 'q', 'limit', 'cursor']);
  const given = {
    status: query.oneOf('status', ['online', 'offline', 'unknown']),
    protocol: query.text('protocol', 256),
    reason: query.text('reason', 256),
    sinceMs: query.time('since'),
    q: query.text('q', 1_024),
    after: query.text('cursor', maxCursorLength),
  };
  return {
    ...(given.status !== undefined && { status: given.status }),
    ...(given.protocol !== undefined && { protocol: given.protocol }),
    ...(given.reason !== undefined && { reason: given.reason }),
    ...(given.sinceMs !== undefined && { sinceMs: given.sinceMs }),
    ...(given.q !== undefined && { q: given.q }),
    ...(given.after !== undefined && { after: given.after }),
    limit: query.wholeNumber('limit', 1, 1_000) ?? 100,
  };
}
