import type { ConnectionId, Timestamp } from '@rollcall/core';
import type { DeadInstance, OwedEnding, OwedLease } from '@rollcall/core/directory';
import { leaseState } from '../leases/lease-state.ts';
import { peekOwed } from '../scripts/peek-owed.ts';
import { readBody, type StoredLease } from '../wire/body.ts';
import { deviceNamed } from '../wire/field-text.ts';
import { readRecord } from '../wire/record.ts';
import { fullId } from '../wire/short-id.ts';
import { settleFound, type BurialTools, type Deceased, type Found } from './settle-found.ts';
import { tellNoted } from './tell-noted.ts';

/** `done`: it is owed no ending in this bucket. `left`: it is owed some, and the bucket is worth another look later. */
export type BucketOutcome = 'done' | 'left';

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
      [
        dead.short,
        name,
        keys.devices(bucket),
        cursor,
        dead.leasesKnown ? '1' : '',
        dead.death.heir === undefined ? '' : '1',
        String(dead.death.aliveAtMs),
      ],
    );
    if (reply.status !== 'answer' || !Array.isArray(reply.value)) return 'left';
    const [next, engineMs, ...pairs] = reply.value as readonly unknown[];
    if (typeof engineMs === 'number') time.said(engineMs, askedAt);
    complete = (await settleFound(dead, bucket, foundIn(pairs, dead, tools), tools)) && complete;
    cursor = String(next);
  } while (cursor !== '0');
  if (!complete || !(await tellNoted(dead, bucket, tools))) return 'left';
  const left = await asker.look('EXISTS', keys.owedBy(bucket) + dead.short);
  return left.status === 'answer' && left.value === 0 ? 'done' : 'left';
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
  const { event, claimedAtMs, lease } = open;
  // A lease without a verdict is kept: another incarnation may still go on with it.
  if (!record.verdict && !lease) return undefined;
  const now = time.now() ?? death.declaredAtMs;
  return {
    event,
    ...(claimedAtMs !== undefined && { connectedAt: claimedAtMs as Timestamp }),
    unconfirmed: event.epoch >= death.unconfirmedSince,
    reason: record.verdict ?? 'adapter-lost',
    ...(lease && { lease: owedLease(lease, now) }),
  };
}

function owedLease(lease: StoredLease, engineMs: number): OwedLease {
  const heardAt = lease.heardAtMs as Timestamp;
  return { slot: lease.slot, state: leaseState(lease, engineMs), heardAt };
}

export function deadInstanceOf({ identity, death }: Pick<Deceased, 'identity' | 'death'>): DeadInstance {
  return {
    identity,
    aliveAt: death.aliveAtMs as Timestamp,
    declaredAt: death.declaredAtMs as Timestamp,
    // As `abandon` writes it: an instance gave its last sign of life before it was declared dead.
    ...(death.aliveAtMs === death.declaredAtMs && { isInvented: true }),
  };
}
