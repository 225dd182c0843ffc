// What tools do with the journal of an adapter that does not run.
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
