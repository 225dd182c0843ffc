import type { SpeakingProtocol } from '../speaking-device.ts';

/** How a life truly ended. */
export type Ended =
  | 'goodbye'
  /** A goodbye and a reset at once: the network may throw away what was said before a reset. */
  | 'goodbye, reset'
  | 'hung up'
  | 'reset'
  | 'vanished'
  /** It closed its DTLS association. */
  | 'close_notify'
  /** It sent bytes, and never a whole packet, until the adapter closed. */
  | 'trickled'
  | 'taken over'
  | 'broke the protocol'
  | 'upload refused'
  /** Its device was disabled or deleted, or its secret replaced. */
  | 'access ended'
  /** The adapter closed it. */
  | 'closed';

/** What an event has to say of an end, beside when and why. */
export interface Expected {
  readonly clean?: boolean;
  readonly raw?: { readonly code?: number | string; readonly text?: string };
}

/** One connection of a device, as the device knows it. All times are this machine's, in milliseconds since the Unix epoch. */
export interface Life {
  readonly protocol: SpeakingProtocol;
  readonly device: string;
  /** Where a connection is a socket's: its port. */
  readonly port: number | undefined;
  readonly begunAt: number;
  /** Whether it was let in; unknown where no answer came. */
  outcome: 'accepted' | 'refused' | 'unknown';
  acceptedAt: number | undefined;
  lastByteAt: number;
  /** The longest that it kept silent, against its own rhythm: this process may be late too. */
  longestSilenceMs: number;
  /** Requests whose answer proves that the adapter read them, where a connection is a lease. */
  readonly heard?: { readonly askedAt: number; readonly answeredAt: number }[];
  /** What it did in the end, in the words of the summary. */
  script?: string;
  /** What it speaks, where its protocol has several. */
  dialect?: string;
  /** Whether a newer connection of the device ends this one. */
  takesOver?: boolean;
  expected?: Expected;
  /** What the adapter may end it as at any moment: it may come to that before the device leaves. */
  awaits?: Ended;
  end: { readonly how: Ended; readonly at: number } | undefined;
}

export function beginLife(protocol: SpeakingProtocol, device: string, port: number | undefined): Life {
  const begunAt = Date.now();
  return {
    protocol,
    device,
    port,
    begunAt,
    outcome: 'unknown',
    acceptedAt: undefined,
    lastByteAt: begunAt,
    longestSilenceMs: 0,
    ...(port === undefined && { heard: [] }),
    end: undefined,
  };
}

/** To be called before bytes are sent: they cannot arrive earlier. */
export function sends(life: Life): void {
  const now = Date.now();
  life.longestSilenceMs = Math.max(life.longestSilenceMs, now - life.lastByteAt);
  life.lastByteAt = now;
}

export function ends(life: Life, how: Ended): void {
  life.end ??= { how, at: Date.now() };
}
