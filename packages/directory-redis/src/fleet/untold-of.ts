import type { ConnectionId, Timestamp } from '@rollcall/core';
import type { ConnectedEvent } from '@rollcall/core/events';
import type { UntoldEndings } from '@rollcall/core/directory';
import { keepGatheredSeconds, noteWindows } from '../state/note-windows.ts';
import { findUntold } from '../scripts/find-untold.ts';
import type { Shared } from '../shared.ts';
import { bucketOf } from '../wire/bucket-of.ts';
import { readDeath, type Death } from '../wire/death.ts';
import { deviceName } from '../wire/field-text.ts';
import { shortId } from '../wire/short-id.ts';

type Connection = Pick<ConnectedEvent, 'connectionId' | 'device'>;

/** How many buckets are asked about at a time. */
const together = 16;

/** See `ConnectionDirectory`. */
export async function untoldOf(
  earlier: string,
  connections: readonly Connection[],
  shared: Pick<Shared, 'asker' | 'keys' | 'context'>,
): Promise<UntoldEndings | undefined> {
  const { asker, keys } = shared;
  const short = shortId(earlier);
  const reply = await asker.look('HGET', keys.deaths, short);
  const death = reply.status === 'answer' ? readDeath(reply.value) : undefined;
  if (!death) return undefined;
  const byBucket = Map.groupBy(connections, ({ device }) => bucketOf(deviceName(device)));
  const untold = new Set<ConnectionId>();
  const waiting = [...byBucket];
  while (waiting.length > 0) {
    const answers = await Promise.all(
      waiting.splice(0, together).map(([bucket, some]) => untoldIn(bucket, some, { short, death }, shared)),
    );
    for (const some of answers) {
      if (!some) return undefined;
      for (const connection of some) untold.add(connection);
    }
  }
  return {
    connections: untold,
    aliveAt: death.aliveAtMs as Timestamp,
    declaredAt: death.declaredAtMs as Timestamp,
  };
}

async function untoldIn(
  bucket: number,
  connections: readonly Connection[],
  { short: dead, death }: { readonly short: string; readonly death: Death },
  { asker, keys, context }: Pick<Shared, 'asker' | 'keys' | 'context'>,
): Promise<readonly ConnectionId[] | undefined> {
  const byShortId = new Map(connections.map(({ connectionId }) => [shortId(connectionId), connectionId]));
  const reply = await asker.ask(
    findUntold,
    [keys.owedBy(bucket) + dead, keys.fenced(bucket), keys.told(bucket, dead), keys.noted(bucket) + dead],
    [
      dead,
      `${keys.noted(bucket)}${dead}:`,
      ...noteWindows(death, context.deadAfterMs).map(String),
      String(keepGatheredSeconds),
      ...byShortId.keys(),
    ],
  );
  if (reply.status !== 'answer' || !Array.isArray(reply.value)) return undefined;
  return reply.value.flatMap((id: unknown) => byShortId.get(String(id)) ?? []);
}
