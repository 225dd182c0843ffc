import type { PresenceStore } from '../store/presence-store.ts';

/** Whether events can be received and stored: only such time counts for the silence of adapters. */
export interface Listening {
  attached(isAttached: boolean): void;
  storing(isStoring: boolean): void;
}

/** Tells the store at once that events cannot be received yet. */
export function createListening(store: Pick<PresenceStore, 'listening'>): Listening {
  let [isAttached, isStoring] = [false, true];
  const tell = (): void => store.listening(isAttached && isStoring);
  tell();
  return {
    attached(is) {
      isAttached = is;
      tell();
    },
    storing(is) {
      isStoring = is;
      tell();
    },
  };
}
