export { backupJournal } from './backup-journal.ts';
export { discardEvents, type Discarded } from './discard-events.ts';
// What tools need to look into the journal of an adapter, and to act for one that is gone.
export {
  inspectJournal,
  isJournalInUse,
  type JournalStatus,
  type JournalView,
  type SinkStatus,
  type UnconfirmedEvent,
} from './inspect-journal.ts';
export { journalFile } from './select-journal.ts';
export { buryConnections, settleJournal, type Settled } from './settle-journal.ts';
