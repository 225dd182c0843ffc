import { missedAnnouncements } from '@rollcall/client/internal';
import type { FastifyInstance } from 'fastify';
import type { HeardInstance, InstancePlace } from '../store/presence-store.ts';
import { answer } from './answer.ts';
import type { ApiContext } from './api-context.ts';
import { isoTime, type AsOf } from './as-of.ts';
import { requireAllTenants } from './authorize.ts';
import { maxCursorLength } from './device-routes.ts';
import { badInput } from './problem.ts';
import { isStorable, QueryReader } from './query-reader.ts';

/** Ids and instances are what adapters are called by their operators. */
const maxNameLength = 1_024;

/** Which instances of adapters were heard, whatever the tenant, and which of them still publish. */
export function adaptersRoute(app: FastifyInstance, context: ApiContext): void {
  const { store, turns, announceIntervalMs } = context;

  app.get<{ readonly Querystring: string }>('/v1/adapters', async (request, reply) => {
    requireAllTenants(request);
    const query = readQuery(request.query);
    // Read before the store is: what is known of the instances reaches at least so far.
    const asOf = context.asOf();
    const { instances, next } = await turns.take('', () => store.instances(query));
    return answer(reply, asOf, {
      adapters: instances.map((each) => instanceJson(each, asOf, announceIntervalMs)),
      ...(next && { next: cursorOf(next) }),
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
    ...(cursor !== undefined && { after: placeIn(cursor) }),
    limit: query.wholeNumber('limit', 1, 1_000) ?? 100,
  };
}

function instanceJson(heard: HeardInstance, { at }: AsOf, defaultIntervalMs: number): object {
  const { adapterId, adapterType, instance, heardAtMs, announcedAtMs, announceIntervalMs } = heard;
  const graceMs = missedAnnouncements * (announceIntervalMs ?? defaultIntervalMs);
  const isSilent = at === undefined ? undefined : at - heardAtMs > graceMs;
  // Of one that never announced anything, silence says nothing.
  const isKnown = isSilent === false || (isSilent && announcedAtMs !== undefined);
  return {
    id: adapterId,
    type: adapterType,
    instance,
    'last-heard-at': isoTime(heardAtMs),
    ...(announcedAtMs !== undefined && { 'last-announced-at': isoTime(announcedAtMs) }),
    ...(announceIntervalMs !== undefined && { 'announce-interval-ms': announceIntervalMs }),
    publishing: isKnown ? !isSilent : null,
  };
}

function cursorOf({ adapterId, instance }: InstancePlace): string {
  return Buffer.from(JSON.stringify([adapterId, instance])).toString('base64url');
}

/** @throws Problem where it was none of an answer. */
function placeIn(cursor: string): InstancePlace {
  const place = parsed(Buffer.from(cursor, 'base64url').toString());
  const [adapterId, instance] = Array.isArray(place) ? place : [];
  if (!isName(adapterId) || !isName(instance)) throw badInput('cursor', 'must be `next` of an answer');
  return { adapterId, instance };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && isStorable(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
