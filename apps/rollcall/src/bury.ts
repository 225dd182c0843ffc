import { readFileSync } from 'node:fs';
import { buryConnections, isJournalInUse, settleJournal, type Settled } from '@rollcall/adapter-kit/journal';
import type { Destination } from './events-sink-to.ts';
import { openInTable } from './open-in-table.ts';
import { settledInWords, settledStatus, settlingEnvironment } from './settling.ts';
import { teller } from './terminal.ts';

export type BuryCommand = {
  readonly adapterId: string;
} & Destination &
  (
    | { readonly journal: string; readonly table?: undefined }
    | { readonly table: string; readonly journal?: undefined }
  );

/** `rollcall bury`: declares dead what an adapter had open that never comes back. Resolves with the exit status. */
export async function bury(command: BuryCommand): Promise<number> {
  const settled = await (command.table === undefined ? fromJournal(command) : fromTable(command));
  if (!settled) return 1;
  teller(process.stdout)(
    `${command.adapterId}: ${settled.buried} connections buried; ${settledInWords(settled)}`,
  );
  return settledStatus(settled);
}

async function fromJournal({
  adapterId,
  journal,
  ...to
}: BuryCommand & { journal: string }): Promise<Settled | undefined> {
  if (!isJournalInUse(journal)) return settleJournal(journal, { bury: true }, settlingEnvironment(to));
  teller(process.stderr)(`${adapterId} is alive: it runs on ${journal}`);
  return undefined;
}

function fromTable({ adapterId, table, ...to }: BuryCommand & { table: string }): Promise<Settled> {
  const connections = openInTable(readFileSync(table, 'utf8'), adapterId);
  return buryConnections(connections, settlingEnvironment(to));
}
