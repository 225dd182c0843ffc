import { once } from 'node:events';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  inspectJournal,
  isJournalInUse,
  settleJournal,
  type UnconfirmedEvent,
} from '@rollcall/adapter-kit/journal';
import { printable } from '@rollcall/core';
import type { Destination } from './events-sink-to.ts';
import { journalStatusText } from './journal-status-text.ts';
import { settledInWords, settledStatus, settlingEnvironment } from './settling.ts';
import { jsonLine, teller } from './terminal.ts';

export const journalActions = ['status', 'list', 'retry-parked'] as const;

export interface JournalCommand extends Destination {
  readonly action: (typeof journalActions)[number];
  readonly files: readonly string[];
  /** Where journals are looked for if no files are named. */
  readonly directory: string;
  readonly json: boolean;
}

/** `rollcall journal`: what adapters have still to tell. Resolves with the exit status. */
export async function journal({ action, files, directory, json, ...to }: JournalCommand): Promise<number> {
  const chosen = files.length > 0 ? files : globSync(join(directory, '*.journal')).toSorted();
  if (chosen.length === 0) throw new Error(`no journals in ${directory}`);
  let status = 0;
  for (const file of chosen) {
    if (action === 'status') showStatus(file, json);
    else if (action === 'list') await list(file, json);
    else status = Math.max(status, await retryParked(file, to));
  }
  return status;
}

function showStatus(file: string, json: boolean): void {
  const view = inspectJournal(file);
  const status = view.status();
  view.close();
  process.stdout.write(
    json ? `${jsonLine({ file, ...status })}\n` : journalStatusText(basename(file), status, Date.now()),
  );
}

/** Line by line, as fast as they are read: a journal may have more of them than memory. */
async function list(file: string, json: boolean): Promise<void> {
  const view = inspectJournal(file);
  try {
    for (const unconfirmed of view.unconfirmed()) {
      const line = json ? jsonLine(unconfirmed) : unconfirmedLine(unconfirmed);
      if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
    }
  } finally {
    view.close();
  }
}

export function unconfirmedLine({ sink, event, parkedFor }: UnconfirmedEvent): string {
  const what = event.type === 'connected' ? event.type : `${event.type} ${event.reason}`;
  const facts = [
    new Date(event.at).toISOString(),
    sink,
    parkedFor === undefined ? 'waiting' : 'parked',
    `${event.device.tenant}/${event.device.device}`,
    what,
    event.id,
    ...(parkedFor === undefined ? [] : [parkedFor]),
  ];
  return printable(facts.join('  '));
}

async function retryParked(file: string, to: Destination): Promise<number> {
  if (isJournalInUse(file)) {
    teller(process.stderr)(
      `${file}: an adapter runs on it, and tries parked events again when it starts: restart it, or stop it first`,
    );
    return 1;
  }
  const settled = await settleJournal(file, { bury: false }, settlingEnvironment(to));
  teller(process.stdout)(`${basename(file)}: ${settledInWords(settled)}`);
  return settledStatus(settled);
}
