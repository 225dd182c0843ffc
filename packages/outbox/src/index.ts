export type { OutboxBounds } from './delivery/outbox.ts';
export { backupJournal } from './journal/backup-journal.ts';
export { type Discarded, discardEvents } from './journal/discard-events.ts';
export {
  type JournalStatus,
  type JournalView,
  type SinkStatus,
  type UnconfirmedEvent,
  inspectJournal,
  isJournalInUse,
} from './journal/inspect-journal.ts';
export type { Journal, NotedPresence, OpenEntry, PendingEvent, Recovered } from './journal/journal.ts';
export type { ClosingHabit, LearnedGaps } from './journal/learned-rhythm.ts';
export { createMemoryJournal } from './journal/memory-journal.ts';
export { journalFile } from './journal/select-journal.ts';
