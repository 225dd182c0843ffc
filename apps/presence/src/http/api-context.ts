import type { Clock } from '@rollcall/core/environment';
import type { Turns } from '@rollcall/http-service';
import type { TokenCheck } from '@rollcall/http-service/tokens';
import type { KeptHistory, PresenceStore } from '../store/presence-store.ts';
import type { ChangeFeed } from '../watching/change-feed.ts';
import type { Watchers } from '../watching/watchers.ts';
import type { AsOf } from './as-of.ts';

/** What the routes answer from. */
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
  /** Of adapters that do not say how often they announce. */
  readonly announceIntervalMs: number;
  readonly heartbeatMs: number;
  /** Whether everybody on this machine may ask, without a token. */
  readonly open: boolean;
  readonly allowedOrigin: '*' | RegExp | undefined;
  /** How far the answers reach, now. */
  asOf(): AsOf;
  /** Told of errors that no client caused. */
  failed(where: string, error: unknown): void;
}
