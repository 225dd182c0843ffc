import type { FastifyInstance } from 'fastify';
import { later } from '@rollcall/core/environment';
import type { PresenceStore } from '../store/presence-store.ts';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import { SseStream } from '../watching/sse-stream.ts';
import { watchTenant } from '../watching/watch-tenant.ts';
import type { ApiContext } from './api-context.ts';
import { asOfJson } from './as-of.ts';
import { grantOf, mayStillRead, tenantFor } from './authorize.ts';
import { deviceJson } from './device-json.ts';
import { Problem } from './problem.ts';
import { QueryReader } from './query-reader.ts';

interface Watch {
  readonly Params: { readonly tenant: string };
  readonly Querystring: string;
}

/** A stream of Server-Sent Events: the devices of a tenant, and then each change. */
export function watchRoute(app: FastifyInstance, context: ApiContext): void {
  const { feed, watchers, clock, heartbeatMs } = context;
  const store = inTurn(context);
  app.get<Watch>('/v1/tenants/:tenant/watch', { exposeHeadRoute: false }, async (request, reply) => {
    const tenant = tenantFor(request, request.params.tenant);
    new QueryReader(request.query, []);
    // Before the head is sent, an error can still be a problem document.
    await store.position(tenant);
    if (!watchers.makeRoomFor(tenant))
      throw new Problem('too-many-watchers', { headers: { 'retry-after': '10' } });
    const headers = Object.entries(reply.getHeaders());
    reply.hijack();
    const { raw } = reply;
    for (const [name, value] of headers) if (value !== undefined) raw.setHeader(name, value);
    raw.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      // Proxies such as nginx would hold the events back.
      'x-accel-buffering': 'no',
    });
    const stream = new SseStream(raw, clock);
    const disarm = endWithToken(grantOf(request).expiresAt, stream, context);
    const lastEventId = request.headers['last-event-id'];
    await watchers
      .serve(tenant, stream, () =>
        watchTenant({
          tenant,
          lastEventId: typeof lastEventId === 'string' ? lastEventId : undefined,
          store,
          feed,
          stream,
          clock,
          heartbeatMs,
          mayStillRead: () => mayStillRead(request, tenant, context.tokens),
          toJson: deviceJson,
          asOfJson: () => asOfJson(context.asOf()),
        }),
      )
      .catch((error: unknown) => {
        // The reader connects again, with its last id.
        stream.cut('failed');
        if (!(error instanceof StoreUnavailable || error instanceof Problem)) context.failed('watch', error);
      })
      .finally(disarm);
  });
}

/** Readers wait for their turn with snapshots, like all requests, so that the database is not overloaded. */
function inTurn({ store, turns }: ApiContext): Pick<PresenceStore, 'position' | 'list'> {
  return {
    position: (tenant) => turns.take(tenant, () => store.position(tenant)),
    list: (tenant, query) => turns.take(tenant, () => store.list(tenant, query)),
  };
}

/** Timers have no more than 31 bits. */
const maxTimerMs = 2 ** 31 - 1;

/** Ends the stream when the reader's token expires. */
function endWithToken(expiresAt: number | undefined, stream: SseStream, { clock }: ApiContext): () => void {
  if (expiresAt === undefined) return () => {};
  const leftMs = Math.min(maxTimerMs, Math.max(0, expiresAt - clock.now()));
  return clock.at(later(clock.monotonic(), leftMs), () => stream.end());
}
