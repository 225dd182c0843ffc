import type { ConnectionId, Timestamp } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';
import type { AdapterIdentity } from '@rollcall/core/events';
import type { OwedEnding } from '@rollcall/core/directory';
import { leaseState } from '../leases/lease-state.ts';
import { peekOwed } from '../scripts/peek-owed.ts';
import { settleOwed } from '../scripts/settle-owed.ts';
import type { EngineTime } from '../state/engine-time.ts';
import { readBody } from '../wire/body.ts';
import type { Death } from '../wire/death.ts';
import { deviceNamed } from '../wire/field-text.ts';
import type { KeyNames } from '../wire/key-names.ts';
import { readRecord } from '../wire/record.ts';
import { fullId } from '../wire/short-id.ts';
import type { Asker } from '../contact/asker.ts';
import type { ForeignValues } from '../state/foreign-values.ts';

/** The dead incarnation. */
export interface Deceased {
  readonly short: string;
  readonly identity: AdapterIdentity;
  readonly death: Death;
  /** Its leases that have not run out were reported before. */
  readonly leasesKnown: boolean;
}

export interface BurialTools {
  readonly asker: Asker;
  readonly keys: KeyNames;
  readonly foreign: ForeignValues;
  readonly time: EngineTime;
  readonly clock: Clock;
  /** Names the undertaker, so that no two publish the same endings at the same time. */
  readonly name: string;
  tell(dead: Deceased, owed: readonly OwedEnding[]): Promise<readonly ConnectionId[]>;
}

/** `done`: it is owed no ending in this bucket. `left`: it is owed some, and the bucket is worth another look later. */
export type BucketOutcome = 'done' | 'left';

interface Found {
  readonly connection: string;
  readonly device: string;
  readonly field: string;
  /** Absent: there is no ending to publish. */
  readonly owed?: OwedEnding;
}

/** Ends what a dead incarnation left open in one bucket. */
export async function buryBucket(dead: Deceased, bucket: number, tools: BurialTools): Promise<BucketOutcome> {
  const { asker, keys, name, time, clock } = tools;
  let cursor = '0';
  let complete = true;
  do {
    const askedAt = clock.monotonic();
    const reply = await asker.ask(
      peekOwed,
      [
        keys.owedBy(bucket) + dead.short,
        keys.fenced(bucket),
        keys.burying(bucket, dead.short),
        keys.heard(bucket),
      ],
      [dead.short, name, keys.devices(bucket), cursor, dead.leasesKnown ? '1' : ''],
    );
    if (reply.status !== 'answer' || !Array.isArray(reply.value)) return 'left';
    const [next, engineMs, ...pairs] = reply.value as readonly unknown[];
    if (typeof engineMs === 'number') time.said(engineMs, askedAt);
    complete = (await settleFound(dead, bucket, foundIn(pairs, dead, tools), tools)) && complete;
    cursor = String(next);
  } while (cursor !== '0');
  if (!complete) return 'left';
  const left = await asker.look('EXISTS', keys.owedBy(bucket) + dead.short);
  return left.status === 'answer' && left.value === 0 ? 'done' : 'left';
}

/** @returns whether all that was found is settled. */
async function settleFound(
  dead: Deceased,
  bucket: number,
  found: readonly Found[],
  { asker, keys, tell }: BurialTools,
): Promise<boolean> {
  const owed = found.flatMap((each) => (each.owed ? [each.owed] : []));
  const told = owed.length > 0 ? await tell(dead, owed) : [];
  const isTold = new Set<string>(told);
  const settled = found.filter((each) => !each.owed || isTold.has(each.owed.event.connectionId));
  if (settled.length === 0) return found.length === 0;
  const reply = await asker.ask(
    settleOwed,
    [
      keys.owedBy(bucket) + dead.short,
      keys.heard(bucket),
      keys.told(bucket, dead.short),
      ...settled.map(({ device }) => keys.devices(bucket) + device),
    ],
    [dead.short, ...settled.flatMap((each) => [each.field, each.connection, each.owed ? '1' : ''])],
  );
  return reply.status === 'answer' && settled.length === found.length;
}

function foundIn(pairs: readonly unknown[], dead: Deceased, tools: BurialTools): readonly Found[] {
  const found: Found[] = [];
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const connection = String(pairs[at]);
    const text = pairs[at + 1];
    const owed = text === '' ? undefined : owedIn(connection, text, dead, tools);
    if (text !== '' && !owed) tools.foreign.found('record', text);
    const record = readRecord(text);
    // A foreign value is taken out: no instance could publish an ending from it.
    found.push({
      connection,
      device: record?.device ?? '',
      field: record?.field ?? '',
      ...(owed && { owed }),
    });
  }
  return found;
}

function owedIn(
  short: string,
  text: unknown,
  { identity, death }: Deceased,
  { time }: BurialTools,
): OwedEnding | undefined {
  const record = readRecord(text);
  const connection = fullId(short);
  const device = record && deviceNamed(record.device);
  if (!record || !device || connection === undefined) return undefined;
  const open = readBody(record.body, device, connection as ConnectionId, identity);
  if (!open) return undefined;
  const { event, lease } = open;
  // A lease without a verdict is kept: another incarnation may still go on with it.
  if (!record.verdict && !lease) return undefined;
  const now = time.now() ?? death.declaredAtMs;
  return {
    event,
    unconfirmed: event.epoch >= death.unconfirmedSince,
    reason: record.verdict ?? 'adapter-lost',
    ...(lease && { lease: { slot: lease.slot, state: leaseState(lease, now) } }),
  };
}

export function deadInstanceOf({ identity, death }: Deceased) {
  return {
    identity,
    aliveAt: death.aliveAtMs as Timestamp,
    declaredAt: death.declaredAtMs as Timestamp,
  };
}
