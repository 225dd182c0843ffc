import { readFileSync } from 'node:fs';
import { buryConnections, settleJournal, type Settled } from '@rollcall/adapter-process/internal';
import { isJournalInUse } from '@rollcall/outbox/tools';
import { hearAdapter } from './hear-adapter.ts';
import type { Destination } from '../network/reach.ts';
import { openInTable } from './open-in-table.ts';
import { settledInWords, settledStatus, settlingEnvironment } from './settling.ts';
import { teller } from '../terminal/terminal.ts';

export type BuryCommand = {
  readonly adapterId: string;
  /** A queue on which to listen for the adapter, on networks without subscriptions. */
  readonly queue?: string | undefined;
  /** Whether messages that are not connection events are taken out of that queue. */
  readonly dropOthers?: boolean | undefined;
  /** How long to listen for the adapter; `undefined`: not at all. */
  readonly listenMs: number | undefined;
} & Destination &
  (
    | { readonly journal: string; readonly table?: undefined }
    | { readonly table: string; readonly journal?: undefined }
  );

/** `rollcall bury`: ends the connections of an adapter that never comes back. Resolves with the exit status. */
export async function bury(command: BuryCommand): Promise<number> {
  const alive = await aliveInWords(command);
  if (alive !== undefined) {
    teller(process.stderr)(alive);
    return 1;
  }
  const settled = await (command.table === undefined ? fromJournal(command) : fromTable(command));
  teller(process.stdout)(
    `${command.adapterId}: ${settled.buried} connections buried; ${settledInWords(settled)}`,
  );
  return settledStatus(settled);
}

/** Why an adapter must not be buried; `undefined`: it may be. */
async function aliveInWords(command: BuryCommand): Promise<string | undefined> {
  const { adapterId, journal, listenMs, queue, dropOthers, url, network } = command;
  if (journal !== undefined && isJournalInUse(journal)) return `${adapterId} is alive: it runs on ${journal}`;
  if (listenMs === undefined) return undefined;
  const listening = { adapterId, queue, dropOthers, withinMs: listenMs, url, network };
  return hearAdapter(listening, teller(process.stderr));
}

function fromJournal({ journal, url, network }: BuryCommand & { journal: string }): Promise<Settled> {
  return settleJournal(journal, { bury: true }, settlingEnvironment({ url, network }));
}

function fromTable({ adapterId, table, url, network }: BuryCommand & { table: string }): Promise<Settled> {
  const connections = openInTable(readFileSync(table, 'utf8'), adapterId);
  return buryConnections(connections, settlingEnvironment({ url, network }));
}
