import { describe } from 'vitest';
import { MemoryStore } from './memory-store.ts';
import { describeFilters } from './store/describe-filters.ts';
import { storeBed } from './store/store-bed.ts';

describe('the store in memory', () => {
  describeFilters(storeBed(async () => ({ open: async (clock) => new MemoryStore(clock) })));
});
