import type { FollowedFiles } from '@rollcall/file-follower';
import type { EventBatches } from '../following/event-batches.ts';
import type { FoldedEvent } from '../following/follow-stream.ts';
import type { StreamProgress } from '../following/stream-progress.ts';
import type { DatabaseWatch, Turns } from '@rollcall/http-service';
import type { Freshness } from '../freshness.ts';
import type { Watchers } from '../watching/watchers.ts';

/** The parts of the service that health and metrics are read from. */
export interface ServiceState {
  readonly phase: () => 'starting' | 'running' | 'stopping';
  readonly freshness: Freshness;
  readonly progress: StreamProgress;
  readonly batches: EventBatches<FoldedEvent>;
  readonly database: DatabaseWatch;
  readonly watchers: Watchers;
  readonly turns: Turns;
  readonly files: FollowedFiles;
  /** Events that came since the start. */
  readonly received: () => number;
  /** Network connections that were closed so that others have room. */
  readonly turnedAway: () => number;
}
