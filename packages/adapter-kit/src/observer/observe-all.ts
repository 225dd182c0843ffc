import type { AdapterObserver } from './adapter-observer.ts';

/**
 * One observer that calls all others, in their order; each implements what it needs. If one of them throws, this does not affect
 * the adapter or the other observers.
 *
 * @param failed called with what an observer threw. It must not call observers.
 */
export function observeAll(
  observers: readonly Partial<AdapterObserver>[],
  failed: (where: 'observer', error: unknown) => void,
): AdapterObserver {
  function tell(fact: (observer: Partial<AdapterObserver>) => void): void {
    for (const observer of observers)
      try {
        fact(observer);
      } catch (error) {
        failed('observer', error);
      }
  }

  return {
    attempted: (attempt) => tell((each) => each.attempted?.(attempt)),
    published: (event) => tell((each) => each.published?.(event)),
    announced: (event) => tell((each) => each.announced?.(event)),
    delivered: (sink, event, delayMs) => tell((each) => each.delivered?.(sink, event, delayMs)),
    retried: (sink, event, cause) => tell((each) => each.retried?.(sink, event, cause)),
    parked: (sink, event, cause) => tell((each) => each.parked?.(sink, event, cause)),
    leftOut: (sink, tenant) => tell((each) => each.leftOut?.(sink, tenant)),
    dropped: (status) => tell((each) => each.dropped?.(status)),
    uploaded: (upload) => tell((each) => each.uploaded?.(upload)),
    turnedAway: (cause, remoteIp) => tell((each) => each.turnedAway?.(cause, remoteIp)),
    failed: (where, error) => tell((each) => each.failed?.(where, error)),
    // These are mistakes in their code, and show when the adapter starts.
    watch(part, state) {
      for (const observer of observers) observer.watch?.(part, state);
    },
    counter(metric, read) {
      for (const observer of observers) observer.counter?.(metric, read);
    },
    gauge(metric, read) {
      for (const observer of observers) observer.gauge?.(metric, read);
    },
  };
}
