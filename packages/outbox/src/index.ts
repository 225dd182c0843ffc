export type { OutboxBounds } from './delivery/outbox-contract.ts';
export type { Journal, NotedPresence, OpenEntry, Recovered } from './journal/journal.ts';
export type { ClosingHabit, LearnedGaps } from './journal/learned-rhythm.ts';
export { createMemoryJournal } from './journal/memory-journal.ts';
