import { journalFile } from '@rollcall/outbox/tools';
import type { BuryCommand } from '../journal/bury.ts';
import { readSeconds } from './parse-watched.ts';
import type { Destination } from '../network/reach.ts';

interface BuryValues {
  readonly journal?: string;
  readonly table?: string;
  readonly queue?: string;
  readonly 'drop-others'?: boolean;
  readonly wait?: string;
  readonly unheard?: boolean;
}

/** Reads the arguments after `rollcall bury`. Returns a text when something is wrong with them. */
export function parseBuryCommand(
  [adapterId, ...others]: readonly string[],
  { journal, table, queue, wait, unheard = false, 'drop-others': dropOthers }: BuryValues,
  directory: string,
  to: Destination,
): BuryCommand | string {
  if (adapterId === undefined || others.length > 0) return 'bury needs one adapter id';
  if (journal !== undefined && table !== undefined) return 'bury needs --journal or --table, not both';
  if (unheard && (wait !== undefined || queue !== undefined))
    return 'bury listens with --wait and --queue, and does not with --unheard';
  if (dropOthers && queue === undefined) return '--drop-others is for --queue';
  const waitMs = readSeconds(wait);
  if (waitMs === undefined) return '--wait must be a number of seconds from 1 to 86400';
  const common = { ...to, adapterId, queue, dropOthers, listenMs: unheard ? undefined : waitMs };
  return table === undefined
    ? { ...common, journal: journal ?? journalFile(directory, adapterId) }
    : { ...common, table };
}
