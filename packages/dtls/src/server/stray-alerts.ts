import { alertMessage } from '../wire/alert.ts';
import { contentType } from '../wire/content-type.ts';
import type { DtlsRecord } from '../wire/read-records.ts';
import { maxSequence, plainRecord } from '../wire/record.ts';

/** Answers data in an association that is not known here with an alert, so that its sender makes a new one. */
export interface StrayAlerts {
  /** The alert that answers such a record, shorter than it; `undefined` if none does. */
  answerTo(record: DtlsRecord, peerKey: string): Buffer | undefined;
  /** An association of this address has ended. */
  ended(peerKey: string): void;
}

export interface StrayAlertsOptions {
  readonly maxPerSecond: number;
  readonly monotonic: () => number;
}

/** An explicit nonce and the shortest tag (RFC 6655 §4): nothing shorter was ever protected. */
const shortestFragmentBytes = 16;
/**
 * How long after its end late records of an association may arrive, and how many ends are remembered. Its client may be making the
 * next one by then, which an alert would end.
 */
const lateMs = 5_000;
const maxRemembered = 1_000;
/** No handshake uses as many: a client that looks at sequence numbers takes it for new. */
const beyondHandshakes = 2 ** 16;

/**
 * The alert is not protected, since the server has no keys any more. A client cannot know who sent it, and most clients ignore it, as
 * RFC 6347 §4.1.2.7 asks: an association must survive what a stranger sends. The alert is for the few clients that listen.
 *
 * Alerts and handshake messages are never answered, so that two peers do not answer each other for ever. Nor are records
 * with a connection id: they may belong to another server.
 */
export function createStrayAlerts({ maxPerSecond, monotonic }: StrayAlertsOptions): StrayAlerts {
  let left = maxPerSecond;
  let countedAt = monotonic();
  /** When associations ended, by address, the earliest first. */
  const endedAt = new Map<string, number>();

  function takeOne(): boolean {
    const now = monotonic();
    left = Math.min(maxPerSecond, left + ((now - countedAt) / 1_000) * maxPerSecond);
    countedAt = now;
    if (left < 1) return false;
    left--;
    return true;
  }

  return {
    answerTo({ type, sequence, fragment }, peerKey) {
      if (type !== contentType.applicationData || fragment.length < shortestFragmentBytes) return undefined;
      const ended = endedAt.get(peerKey);
      if (ended !== undefined && monotonic() - ended < lateMs) return undefined;
      if (!takeOne()) return undefined;
      const answered = Math.min(sequence + beyondHandshakes, maxSequence);
      return plainRecord(contentType.alert, answered, alertMessage('fatal', 'unexpectedMessage'));
    },
    ended(peerKey) {
      endedAt.delete(peerKey);
      endedAt.set(peerKey, monotonic());
      for (const [earliest] of endedAt) {
        if (endedAt.size <= maxRemembered) break;
        endedAt.delete(earliest);
      }
    },
  };
}
