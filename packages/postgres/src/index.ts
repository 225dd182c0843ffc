export { migrate, type Migration } from './migrate.ts';
export { openQueries, type Client, type Queries, type QueriesOptions } from './queries.ts';
export { Wakes, type WakesOptions } from './wakes.ts';
