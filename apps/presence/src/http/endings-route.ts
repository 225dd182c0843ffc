import type { FastifyInstance } from 'fastify';
import type { EndingPosition, EndingsQuery, StoredEnding } from '../store/presence-store.ts';
import { answer } from './answer.ts';
import type { ApiContext } from './api-context.ts';
import { isoTime } from './as-of.ts';
import { tenantFor } from './authorize.ts';
import { cursorOf, positionIn } from './cursors.ts';
import { endingJson } from './device-json.ts';
import { maxCursorLength } from './device-routes.ts';
import { keptSince } from './kept-since.ts';
import { badInput } from './problem.ts';
import { QueryReader } from './query-reader.ts';
import { refuseUnknownReason } from './unknown-reason.ts';

/** The usual question: which devices left in the last hour? */
const usualPeriodMs = 3_600_000;

/** All endings of a tenant in a period. */
export function endingsRoute(app: FastifyInstance, context: ApiContext): void {
  const { store, turns, clock } = context;

  app.get<{ readonly Params: { readonly tenant: string }; readonly Querystring: string }>(
    '/v1/tenants/:tenant/endings',
    async (request, reply) => {
      const tenant = tenantFor(request, request.params.tenant);
      const query = readQuery(request.query, clock.now());
      const asOf = context.asOf();
      const [{ endings, next }, keptSinceMs] = await turns.take(tenant, () =>
        Promise.all([store.endings(tenant, query), keptSince(context, tenant)]),
      );
      if (endings.length === 0) await refuseUnknownReason(context, tenant, query);
      return answer(reply, asOf, {
        tenant,
        from: isoTime(query.fromMs),
        to: isoTime(query.toMs),
        'known-since': isoTime(Math.max(asOf.coveredSince, keptSinceMs)),
        endings: endings.map(endedJson),
        ...(next && { next: cursorOf([next.endedAtMs, next.device, next.connectionId]) }),
      });
    },
  );
}

function readQuery(text: string, nowMs: number): EndingsQuery {
  const query = new QueryReader(text, ['from', 'to', 'reason', 'protocol', 'adapter', 'limit', 'cursor']);
  const toMs = query.time('to') ?? nowMs;
  const fromMs = query.time('from') ?? toMs - usualPeriodMs;
  if (fromMs > toMs) throw badInput('from', 'must not be after to');
  const reason = query.text('reason', 256);
  const protocol = query.text('protocol', 256);
  const adapterId = query.text('adapter', 1_024);
  const cursor = query.text('cursor', maxCursorLength);
  return {
    ...{ fromMs, toMs },
    ...(reason !== undefined && { reason }),
    ...(protocol !== undefined && { protocol }),
    ...(adapterId !== undefined && { adapterId }),
    ...(cursor !== undefined && { after: afterOf(cursor) }),
    limit: query.wholeNumber('limit', 1, 1_000) ?? 100,
  };
}

function afterOf(cursor: string): EndingPosition {
  const [endedAtMs, device, connectionId] = positionIn(cursor, ['number', 'text', 'text']);
  return { endedAtMs, device, connectionId };
}

function endedJson({ device: { device }, status, ending }: StoredEnding): object {
  return { device, status, ...endingJson(ending) };
}
