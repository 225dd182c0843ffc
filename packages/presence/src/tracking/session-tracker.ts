import type { Instant } from '@rollcall/core';
import { later } from '@rollcall/core/environment';
import type { DisconnectReason, RawCause } from '@rollcall/core/events';
import type { Change, CommonSignal, ConnectionTracker, Step } from '@rollcall/core/tracker';
import type { SessionBasis } from '@rollcall/core/internal';

/** How the silence of a device is noticed. */
export interface Liveness {
  /** Longest silence between two whole messages; `undefined` if only TCP's own keep-alive shows silence. */
  readonly maxSilenceMs: number | undefined;
  /** How fast silence is noticed at the latest; `null` if that is not known. */
  readonly detectWithinMs: number | null;
}

export type SessionState =
  | { readonly phase: 'pending' }
  | {
      readonly phase: 'online';
      /** When its last byte arrived. */
      readonly lastSeen: Instant;
      /** When its last whole message arrived: bytes alone do not keep a device connected. */
      readonly aliveAt: Instant;
      /** Whether its login was answered: until then it is silent because it waits. */
      readonly answered: boolean;
      readonly maxSilenceMs: number | undefined;
      readonly basis: SessionBasis;
    }
  | { readonly phase: 'closed' };

type Online = Extract<SessionState, { phase: 'online' }>;

/** What a signal means for its session: see {@link session}. */
export type SessionMeaning =
  | { readonly means: 'begins'; readonly liveness: Liveness; readonly heardAt: Instant | undefined }
  | { readonly means: 'answered' | 'heard' | 'heard-whole' | 'was-whole' }
  | SessionEnd;

interface SessionEnd {
  readonly means: 'ends';
  readonly reason: DisconnectReason;
  readonly raw?: RawCause;
  readonly clean?: boolean;
  /** The device itself reported the end: it counts from the arrival of the last bytes, not from when they were handled. */
  readonly said?: true;
}

/** What signals can mean. */
export const session = {
  /**
   * The login is accepted.
   *
   * @param heardAt when the last bytes of the device arrived; absent: now. It may say all it has to, and leave, while its login is looked at.
   */
  begins: (liveness: Liveness, heardAt?: Instant): SessionMeaning => ({ means: 'begins', liveness, heardAt }),
  /** The login is answered: from now on silence counts. */
  answered: { means: 'answered' },
  /** Bytes arrived. */
  heard: { means: 'heard' },
  /** Bytes arrived, and a message ends among them. */
  heardWhole: { means: 'heard-whole' },
  /** The last bytes were a whole message: for a parser that reports it afterwards. */
  wasWhole: { means: 'was-whole' },
  /** The network, or the adapter, ends the session. */
  ends: (reason: DisconnectReason, raw?: RawCause): SessionEnd => ({
    means: 'ends',
    reason,
    ...(raw && { raw }),
  }),
  /** The device ends the session with a message. */
  leaves: (
    reason: 'client-closed' | 'protocol-error',
    details: { readonly raw?: RawCause; readonly clean?: boolean } = {},
  ): SessionEnd => ({ means: 'ends', reason, said: true, ...details }),
} as const satisfies Record<string, SessionMeaning | ((...details: never[]) => SessionMeaning)>;

/** One row per signal of the protocol. */
export type SessionSignals<Signal extends { readonly type: string }> = {
  readonly [Each in Signal as Each['type']]: (signal: Each) => SessionMeaning;
};

/**
 * The tracker of a protocol with sessions. A session begins when its login is accepted, and the first cause of its end
 * counts. A session that ends before that was never connected.
 *
 * @param signals what each signal of the protocol means.
 * @param silence code and text of the protocol for a device that was silent for too long.
 */
export function sessionTracker<Signal extends { readonly type: string }>(
  signals: SessionSignals<Signal>,
  silence?: RawCause,
): ConnectionTracker<SessionState, Signal> {
  const rows: Readonly<Record<string, (signal: never) => SessionMeaning>> = signals;
  return {
    initial: { phase: 'pending' },
    presence: (state) => (state.phase === 'online' ? { lastSeen: state.lastSeen } : undefined),
    reduce(state, signal, at) {
      if (state.phase === 'closed') return { state, changes: [] };
      if (isCommon(signal)) {
        if (signal.type === 'ended') return end(state, session.ends(signal.reason, signal.raw));
        return state.phase === 'online' ? whenDue(state, at, silence) : { state, changes: [] };
      }
      const meaning = rows[signal.type]?.(signal as never);
      if (!meaning) throw new Error(`a session has no row for the signal ${signal.type}`);
      return state.phase === 'pending' ? begin(state, meaning, at) : goOn(state, meaning, at);
    },
  };
}

function isCommon(signal: { readonly type: string }): signal is CommonSignal {
  return signal.type === 'deadline' || signal.type === 'ended';
}

function begin(state: SessionState, meaning: SessionMeaning, at: Instant): Step<SessionState> {
  if (meaning.means === 'ends') return end(state, meaning);
  if (meaning.means !== 'begins') return { state, changes: [] };
  const { maxSilenceMs, detectWithinMs } = meaning.liveness;
  const lastSeen = meaning.heardAt ?? at;
  const basis: SessionBasis = { kind: 'session', detectWithinMs };
  return alive({ phase: 'online', lastSeen, aliveAt: at, answered: false, maxSilenceMs, basis }, [
    { type: 'connected', basis },
  ]);
}

function goOn(state: Online, meaning: SessionMeaning, at: Instant): Step<SessionState> {
  switch (meaning.means) {
    case 'begins':
      return alive(state);
    case 'answered':
      return alive({ ...state, answered: true, aliveAt: at });
    case 'heard':
      return alive({ ...state, lastSeen: at });
    case 'heard-whole':
      return alive({ ...state, lastSeen: at, aliveAt: at });
    case 'was-whole':
      // The last byte may have come before the login was answered.
      return alive({ ...state, aliveAt: Math.max(state.aliveAt, state.lastSeen) as Instant });
    case 'ends':
      return end(state, meaning);
    default:
      return meaning satisfies never;
  }
}

/** A timer may fire early: the silence decides. */
function whenDue(state: Online, at: Instant, raw?: RawCause): Step<SessionState> {
  const due = silenceEnds(state);
  return due === undefined || due > at ? alive(state) : end(state, session.ends('keepalive-timeout', raw));
}

function silenceEnds({ aliveAt, answered, maxSilenceMs }: Online): Instant | undefined {
  return answered && maxSilenceMs !== undefined ? later(aliveAt, maxSilenceMs) : undefined;
}

const nothing: readonly Change[] = [];

function alive(state: Online, changes = nothing): Step<SessionState> {
  const deadline = silenceEnds(state);
  return deadline === undefined ? { state, changes } : { state, changes, deadline };
}

function end(state: SessionState, { reason, raw, clean, said }: SessionEnd): Step<SessionState> {
  if (state.phase !== 'online') return { state: { phase: 'closed' }, changes: [] };
  const { basis, lastSeen } = state;
  return {
    state: { phase: 'closed' },
    changes: [
      {
        type: 'disconnected',
        basis,
        reason,
        lastSeen,
        ...(raw && { raw }),
        ...(clean !== undefined && { clean }),
        ...(said && { endedAt: lastSeen }),
      },
    ],
  };
}
