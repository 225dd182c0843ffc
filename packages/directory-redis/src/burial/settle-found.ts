import type { ConnectionId } from '@rollcall/core';
import type { OwedEnding } from '@rollcall/core/directory';
import type { Clock } from '@rollcall/core/environment';
import type { AdapterIdentity } from '@rollcall/core/events';
import type { Asker } from '../contact/asker.ts';
import { settleOwed } from '../scripts/settle-owed.ts';
import type { EngineTime } from '../state/engine-time.ts';
import type { ForeignValues } from '../state/foreign-values.ts';
import type { Death } from '../wire/death.ts';
import type { KeyNames } from '../wire/key-names.ts';

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
  readonly deadAfterMs: number;
  /** Names the undertaker, so that no two publish the same endings at the same time. */
  readonly name: string;
  tell(dead: Deceased, owed: readonly OwedEnding[]): Promise<readonly ConnectionId[]>;
}

/** A connection of a dead incarnation in one bucket. */
export interface Found {
  readonly connection: string;
  readonly device: string;
  readonly field: string;
  /** Absent: there is no ending to publish. */
  readonly owed?: OwedEnding;
  /** The dead one published its ending itself. */
  readonly wasTold?: boolean;
}

/** @param from where it is owed, or noted. @returns whether all that was found is settled. */
export async function settleFound(
  dead: Deceased,
  bucket: number,
  found: readonly Found[],
  { asker, keys, tell }: BurialTools,
  from = keys.owedBy(bucket) + dead.short,
): Promise<boolean> {
  const owed = found.flatMap((each) => (each.owed ? [each.owed] : []));
  const told = owed.length > 0 ? await tell(dead, owed) : [];
  const isTold = new Set<string>(told);
  const settled = found.filter((each) => !each.owed || isTold.has(each.owed.event.connectionId));
  if (settled.length === 0) return found.length === 0;
  const reply = await asker.ask(
    settleOwed,
    [
      from,
      keys.heard(bucket),
      keys.told(bucket, dead.short),
      ...settled.map(({ device }) => keys.devices(bucket) + device),
    ],
    [
      dead.short,
      ...settled.flatMap((each) => [each.field, each.connection, each.owed || each.wasTold ? '1' : '']),
    ],
  );
  return reply.status === 'answer' && settled.length === found.length;
}
