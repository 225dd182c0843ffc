// For tools that work on the journal of an adapter.
export { backupJournal } from './journal/backup-journal.ts';
export { discardEvents } from './journal/discard-events.ts';
export {
  inspectJournal,
  isJournalInUse,
  type JournalStatus,
  type SinkStatus,
  type UnconfirmedEvent,
} from './journal/inspect-journal.ts';
export { journalFile } from './journal/select-journal.ts';
