import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  inspectJournal,
  isJournalInUse,
  settleJournal,
  type UnconfirmedEvent,
} from '@rollcall/adapter-kit/journal';
import type { Destination } from './events-sink-to.ts';
import { journalStatusText } from './journal-status-text.ts';
import { printable } from './in-words.ts';
import { settledInWords, settledStatus, settlingEnvironment } from './settling.ts';

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
    else if (action === 'list') list(file, json);
    else status = Math.max(status, await retryParked(file, to));
  }
  return status;
}

function showStatus(file: string, json: boolean): void {
  const view = inspectJournal(file);
  const status = view.status();
  view.close();
  process.stdout.write(
    json ? `${JSON.stringify({ file, ...status })}\n` : journalStatusText(basename(file), status, Date.now()),
  );
}

function list(file: string, json: boolean): void {
  const view = inspectJournal(file);
  for (const unconfirmed of view.unconfirmed())
    process.stdout.write(`${json ? JSON.stringify(unconfirmed) : unconfirmedLine(unconfirmed)}\n`);
  view.close();
}

function unconfirmedLine({ sink, event, parkedFor }: UnconfirmedEvent): string {
  const what = event.type === 'connected' ? event.type : `${event.type} ${event.reason}`;
  return [
    new Date(event.at).toISOString(),
    sink,
    parkedFor === undefined ? 'waiting' : 'parked',
    printable(`${event.device.tenant}/${event.device.device}`),
    what,
    event.id,
    ...(parkedFor === undefined ? [] : [printable(parkedFor)]),
  ].join('  ');
}

async function retryParked(file: string, to: Destination): Promise<number> {
  if (isJournalInUse(file)) {
    process.stderr.write(
      `${file}: an adapter runs on it, and tries parked events again when it starts: restart it, or stop it first\n`,
    );
    return 1;
  }
  const settled = await settleJournal(file, { bury: false }, settlingEnvironment(to));
  process.stdout.write(`${basename(file)}: ${settledInWords(settled)}\n`);
  return settledStatus(settled);
}
