import type { Clock } from '@rollcall/core/environment';
import type { Turns } from '@rollcall/http-service';
import type { TokenCheck } from '@rollcall/http-service/tokens';
import type { KeptHistory, PresenceStore } from '../store/presence-store.ts';
import type { ChangeFeed } from '../watching/change-feed.ts';
import type { Watchers } from '../watching/watchers.ts';
import type { AsOf } from './as-of.ts';

/** What the routes need for their answers. */
export interface ApiContext {
  readonly clock: Clock;
  readonly store: PresenceStore;
  readonly tokens: TokenCheck;
  readonly turns: Turns;
  readonly feed: ChangeFeed;
  readonly watchers: Watchers;
  readonly retention: KeptHistory;
  /** Where the built page is; absent: there is none to serve. */
  readonly pageDirectory?: string;
  readonly flapsPerHour: number;
  /** For adapters that do not state their announcement interval. */
  readonly announceIntervalMs: number;
  readonly heartbeatMs: number;
  /** Whether every program on this machine may ask, without a token. */
  readonly open: boolean;
  readonly allowedOrigin: '*' | RegExp | undefined;
  /** How far the answers reach, now. */
  asOf(): AsOf;
  /** Called with errors that no client caused. */
  failed(where: string, error: unknown): void;
}
