import { missedAnnouncements } from '@rollcall/client/internal';
import type { FastifyInstance } from 'fastify';
import type { HeardInstance, InstancePosition } from '../store/presence-store.ts';
import { answer } from './answer.ts';
import type { ApiContext } from './api-context.ts';
import { isoTime, type AsOf } from './as-of.ts';
import { requireAllTenants } from './authorize.ts';
import { maxCursorLength } from './device-routes.ts';
import { cursorOf, positionIn } from './cursors.ts';
import { QueryReader } from './query-reader.ts';

/** Operators choose the ids and instances of their adapters. */
const maxNameLength = 1_024;

/** The known instances of adapters, over all tenants, and which of them still publish. */
export function adaptersRoute(app: FastifyInstance, context: ApiContext): void {
  const { store, turns, announceIntervalMs } = context;

  app.get<{ readonly Querystring: string }>('/v1/adapters', async (request, reply) => {
    requireAllTenants(request);
    const query = readQuery(request.query);
    // Taken before the store is read: the answer is at least as fresh as it states.
    const asOf = context.asOf();
    const { instances, next } = await turns.take('', () => store.instances(query));
    return answer(reply, asOf, {
      adapters: instances.map((each) => instanceJson(each, asOf, announceIntervalMs)),
      ...(next && { next: cursorOf([next.adapterId, next.instance]) }),
    });
  });
}

function readQuery(text: string) {
  const query = new QueryReader(text, ['adapter', 'instance', 'limit', 'cursor']);
  const adapterId = query.text('adapter', maxNameLength);
  const instance = query.text('instance', maxNameLength);
  const cursor = query.text('cursor', maxCursorLength);
  return {
    ...(adapterId !== undefined && { adapterId }),
    ...(instance !== undefined && { instance }),
    ...(cursor !== undefined && { after: afterOf(cursor) }),
    limit: query.wholeNumber('limit', 1, 1_000) ?? 100,
  };
}

function instanceJson(heard: HeardInstance, { at }: AsOf, defaultIntervalMs: number): object {
  const { adapterId, adapterType, instance, heardAtMs, announcedAtMs, announceIntervalMs } = heard;
  const graceMs = missedAnnouncements * (announceIntervalMs ?? defaultIntervalMs);
  const isSilent = at === undefined ? undefined : at - heardAtMs > graceMs;
  // An instance that never announced anything may be silent because it has no devices.
  const isKnown = isSilent === false || (isSilent && announcedAtMs !== undefined);
  return {
    id: adapterId,
    type: adapterType,
    instance,
    'last-heard-at': isoTime(heardAtMs),
    ...(announcedAtMs !== undefined && { 'last-announced-at': isoTime(announcedAtMs) }),
    ...(announceIntervalMs !== undefined && { 'announce-interval-ms': announceIntervalMs }),
    publishing: isKnown ? !isSilent : null,
    connections: heard.connections,
  };
}

function afterOf(cursor: string): InstancePosition {
  const [adapterId, instance] = positionIn(cursor, ['text', 'text']);
  return { adapterId, instance };
}
