import type { FastifyInstance } from 'fastify';
import type { DeviceRef } from '@rollcall/core';
import type { StoredDevice } from '../store/presence-store.ts';
import type { ApiContext } from './api-context.ts';
import { isoTime } from './as-of.ts';
import { tenantFor } from './authorize.ts';
import { deviceJson, historyJson } from './device-json.ts';
import { etagOf, matches } from './etag.ts';
import { keptSince } from './kept-since.ts';
import { checkedDevice } from './names.ts';
import { answer, answerText } from './answer.ts';
import { badInput } from './problem.ts';
import { QueryReader } from './query-reader.ts';
import { wasConnected, type WasConnected } from './was-connected.ts';

interface OfDevice {
  readonly Params: { readonly tenant: string; readonly device: string };
  readonly Querystring: string;
}

const path = '/v1/tenants/:tenant/devices/:device';
/** How many connections of a device are checked that may be open at one time. */
const maxAtOnce = 1_000;

/** The routes about one device. */
export function deviceRoutes(app: FastifyInstance, context: ApiContext): void {
  const { store, turns } = context;

  app.get<OfDevice>(path, async (request, reply) => {
    const device = deviceIn(request, request.params);
    new QueryReader(request.query, []);
    const asOf = context.asOf();
    const [stored] = await turns.take(device.tenant, () => store.get([device]));
    if (!stored) throw new Error('the store answered about no device');
    const text = JSON.stringify(deviceJson(stored));
    const etag = etagOf(text);
    reply.header('etag', etag);
    if (!matches(request.headers['if-none-match'], etag)) return answerText(reply, asOf, text);
    return reply
      .code(304)
      .header('rollcall-as-of', asOf.at === undefined ? '' : isoTime(asOf.at))
      .send();
  });

  app.get<OfDevice>(`${path}/history`, async (request, reply) => {
    const device = deviceIn(request, request.params);
    const query = new QueryReader(request.query, ['from', 'to', 'limit', 'cursor']);
    const fromMs = query.time('from') ?? 0;
    const toMs = query.time('to') ?? context.clock.now();
    if (fromMs > toMs) throw badInput('from', 'must not be after to');
    const after = query.text('cursor', maxCursorLength);
    const limit = query.wholeNumber('limit', 1, 1_000) ?? 100;
    const asOf = context.asOf();
    const found = await turns.take(device.tenant, () =>
      store.history(device, { fromMs, toMs, limit, ...(after !== undefined && { after }) }),
    );
    return answer(reply, asOf, {
      ...device,
      connections: found.connections.map(historyJson),
      ...(found.next !== undefined && { next: found.next }),
    });
  });

  app.get<OfDevice>(`${path}/at`, async (request, reply) => {
    const device = deviceIn(request, request.params);
    const time = new QueryReader(request.query, ['time']).time('time');
    if (time === undefined) throw badInput('time', 'must be given');
    const asOf = context.asOf();
    const [{ connections }, [stored], keptSinceMs] = await turns.take(device.tenant, () =>
      Promise.all([
        store.history(device, { fromMs: time, toMs: time, limit: maxAtOnce }),
        store.get([device]),
        keptSince(context, device.tenant),
      ]),
    );
    const verdict = wasConnected(time, connections, {
      ...asOf,
      keptSinceMs,
      isKnown: stored !== undefined && hasConnections(stored),
    });
    return answer(reply, asOf, { ...device, time: isoTime(time), ...verdictJson(verdict) });
  });

  app.delete<OfDevice>(path, async (request, reply) => {
    const { params } = request;
    tenantFor(request, params.tenant, 'admin');
    const device = checkedDevice(params);
    new QueryReader(request.query, []);
    await turns.take(device.tenant, () => store.forget(device));
    // The answer does not reveal whether there was anything: it is gone now.
    return reply.code(204).send();
  });
}

/** Of cursors that a client gives back: the longest ids fit in, also if JSON escapes each of their characters. */
export const maxCursorLength = 12_288;

/** `unknown` without any connection is unknown at other times, too. */
function hasConnections({ presence }: StoredDevice): boolean {
  return presence.status !== 'unknown' || presence.connections.length > 0;
}

function deviceIn(request: Parameters<typeof tenantFor>[0], params: OfDevice['Params']): DeviceRef {
  tenantFor(request, params.tenant);
  return checkedDevice(params);
}

function verdictJson(verdict: WasConnected): object {
  switch (verdict.answer) {
    case 'yes':
      return { answer: 'yes', 'connection-id': verdict.connectionId };
    case 'no':
      return { answer: 'no' };
    case 'uncertain': {
      const { because, between, connectionId } = verdict;
      return {
        answer: 'uncertain',
        because,
        between: {
          ...(between.fromMs !== undefined && { from: isoTime(between.fromMs) }),
          ...(between.toMs !== undefined && { to: isoTime(between.toMs) }),
        },
        ...(connectionId !== undefined && { 'connection-id': connectionId }),
      };
    }
    default:
      return verdict satisfies never;
  }
}
