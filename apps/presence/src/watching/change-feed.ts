import type { PresenceStore, StoredDevice } from '../store/presence-store.ts';
import { sseFrame } from './sse-frame.ts';

/** Changes of a tenant, ready to be sent. */
export interface FeedChunk {
  readonly text: string;
  /** How many changes it has; 0: there are no more yet. */
  readonly count: number;
  /** Where the next ones begin. */
  readonly position: string;
}

/** How many changes are read and sent at a time. */
const chunkChanges = 200;
/** How many texts are kept: readers may ask for any place of the log. */
const maxChunks = 64;

/**
 * The change log of the database, for many readers: readers at the same place share one read and one text. Nothing is kept
 * between two wakes.
 */
export class ChangeFeed {
  readonly #store: Pick<PresenceStore, 'changes' | 'onWake'>;
  readonly #toJson: (device: StoredDevice) => object;
  readonly #stopListening: () => void;
  readonly #chunks = new Map<string, Promise<FeedChunk | 'gone'>>();
  readonly #sleepers = new Set<() => void>();
  #wakes = 0;

  constructor(store: Pick<PresenceStore, 'changes' | 'onWake'>, toJson: (device: StoredDevice) => object) {
    this.#store = store;
    this.#toJson = toJson;
    this.#stopListening = store.onWake(() => this.#wake());
  }

  /** How often the store has woken the feed: what was read before the latest time may be outdated. */
  get wakes(): number {
    return this.#wakes;
  }

  /** The changes behind a position; `gone`: it is of another database, or so old that the log does not have them. */
  read(tenant: string, position: string): Promise<FeedChunk | 'gone'> {
    const key = `${tenant}\n${position}`;
    const known = this.#chunks.get(key);
    if (known) return known;
    const chunk = this.#readNow(tenant, position);
    this.#chunks.set(key, chunk);
    for (const oldest of this.#chunks.keys()) {
      if (this.#chunks.size <= maxChunks) break;
      this.#chunks.delete(oldest);
    }
    // The next reader tries again.
    chunk.catch(() => this.#chunks.delete(key));
    return chunk;
  }

  /** Resolves when there may be more than at the wake with this number, or when `signal` aborts. */
  woken(since: number, signal: AbortSignal): Promise<void> {
    if (this.#wakes !== since || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#sleepers.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#sleepers.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  close(): void {
    this.#stopListening();
    this.#wake();
  }

  async #readNow(tenant: string, position: string): Promise<FeedChunk | 'gone'> {
    const found = await this.#store.changes(tenant, position, chunkChanges);
    if (found === 'gone') return found;
    const { changes } = found;
    return {
      text: changes.map(({ id, device }) => sseFrame('change', this.#toJson(device), id)).join(''),
      count: changes.length,
      position: found.position,
    };
  }

  #wake(): void {
    this.#wakes += 1;
    this.#chunks.clear();
    for (const wake of this.#sleepers) wake();
  }
}
