import type { FailureLimiter, Trier } from './failure-limiter.ts';

type Attempt = ReturnType<FailureLimiter['begin']>;

/**
 * Tries that go on in handshakes. Each counts as failed from when it is given a key: a thousand handshakes at once would all have
 * theirs before the first of them fails.
 */
export interface HandedOutKeys {
  add(trier: Trier, attempt: Attempt): void;
  /** One of those under this name; `undefined`: there is none, or it was forgotten. */
  take(trier: Trier): Attempt | undefined;
}

const maxNames = 10_000;
/** As many as may fail in a row. Those before them came to no end. */
const maxPerName = 10;

export function createHandedOutKeys(): HandedOutKeys {
  /** In the order of the latest. A Map keeps the order of insertion. */
  const attempts = new Map<string, Attempt[]>();
  const keyOf = ({ address, name }: Trier): string => `${address}\n${name}`;

  return {
    add(trier, attempt) {
      const key = keyOf(trier);
      const ofName = attempts.get(key) ?? [];
      ofName.push(attempt);
      if (ofName.length > maxPerName) ofName.shift();
      attempts.delete(key);
      attempts.set(key, ofName);
      const [oldest] = attempts.keys();
      if (attempts.size > maxNames && oldest !== undefined) attempts.delete(oldest);
    },
    take(trier) {
      const key = keyOf(trier);
      const ofName = attempts.get(key);
      const attempt = ofName?.pop();
      if (ofName?.length === 0) attempts.delete(key);
      return attempt;
    },
  };
}
