import {
  later,
  type ConnectionTracker,
  type CommonSignal,
  type DisconnectReason,
  type Instant,
  type RawCause,
  type SessionBasis,
  type Step,
} from '@rollcall/core';

export type TemplateSignal =
  /** The login is accepted. */
  | { readonly type: 'accepted'; readonly idleLimitMs: number }
  /** The answer to the login is on its way: until now the device waited for us. */
  | { readonly type: 'answered' }
  /** Bytes arrived; `whole` where a command ends among them. */
  | { readonly type: 'arrived'; readonly whole: boolean }
  /** The device says goodbye. */
  | { readonly type: 'bye' }
  /** The network connection is gone. */
  | { readonly type: 'socket-closed'; readonly text?: string }
  /** The device broke the protocol. */
  | { readonly type: 'protocol-error'; readonly text: string };

export type TemplateState =
  | { readonly phase: 'pending' }
  | {
      readonly phase: 'online';
      readonly lastSeen: Instant;
      /** When it last said something whole: bytes alone do not keep a device connected. */
      readonly aliveAt: Instant;
      readonly answered: boolean;
      readonly idleLimitMs: number;
    }
  | { readonly phase: 'closed' };

type Online = Extract<TemplateState, { phase: 'online' }>;

/** One TCP connection: it begins when its login is accepted, and the first cause of its end counts. */
export const templateTracker: ConnectionTracker<TemplateState, TemplateSignal> = {
  initial: { phase: 'pending' },
  reduce(state, signal, at) {
    switch (state.phase) {
      case 'pending':
        return begin(state, signal, at);
      case 'online':
        return goOn(state, signal, at);
      case 'closed':
        return { state, changes: [] };
      default:
        return state satisfies never;
    }
  },
  presence: (state) => (state.phase === 'online' ? { lastSeen: state.lastSeen } : undefined),
};

function begin(
  state: TemplateState,
  signal: TemplateSignal | CommonSignal,
  at: Instant,
): Step<TemplateState> {
  switch (signal.type) {
    case 'accepted': {
      const online: Online = {
        phase: 'online',
        lastSeen: at,
        aliveAt: at,
        answered: false,
        idleLimitMs: signal.idleLimitMs,
      };
      return alive(online, [{ type: 'connected', basis: basisOf(online) }]);
    }
    case 'bye':
    case 'socket-closed':
    case 'protocol-error':
    case 'ended':
      // It ended before it was accepted: nobody was told of it, and nobody will be.
      return { state: { phase: 'closed' }, changes: [] };
    case 'answered':
    case 'arrived':
    case 'deadline':
      return { state, changes: [] };
    default:
      return signal satisfies never;
  }
}

function goOn(state: Online, signal: TemplateSignal | CommonSignal, at: Instant): Step<TemplateState> {
  switch (signal.type) {
    case 'arrived':
      return alive({ ...state, lastSeen: at, ...(signal.whole && { aliveAt: at }) }, []);
    case 'accepted':
      return alive(state, []);
    case 'answered':
      // Not before: a device that waits for its login is silent for our sake.
      return alive({ ...state, answered: true, aliveAt: at }, []);
    case 'bye':
      return end({ ...state, lastSeen: at }, 'client-closed');
    case 'socket-closed':
      return end(state, 'connection-lost', rawOf(signal));
    case 'protocol-error':
      // It counts from when its bytes arrived, which was the last that was heard.
      return end(state, 'protocol-error', { ...rawOf(signal), endedAt: state.lastSeen });
    case 'ended':
      return end(state, signal.reason, signal.raw === undefined ? {} : { raw: signal.raw });
    case 'deadline':
      // A timer may fire early: the silence decides.
      return !state.answered || silenceEnds(state) > at ? alive(state, []) : end(state, 'keepalive-timeout');
    default:
      return signal satisfies never;
  }
}

function basisOf({ idleLimitMs }: Online): SessionBasis {
  return { kind: 'session', detectWithinMs: idleLimitMs };
}

function silenceEnds({ aliveAt, idleLimitMs }: Online): Instant {
  return later(aliveAt, idleLimitMs);
}

function alive(state: Online, changes: Step<TemplateState>['changes']): Step<TemplateState> {
  return state.answered ? { state, changes, deadline: silenceEnds(state) } : { state, changes };
}

function rawOf({ text }: { readonly text?: string }): { readonly raw?: RawCause } {
  return text === undefined ? {} : { raw: { text } };
}

function end(
  state: Online,
  reason: DisconnectReason,
  details: { readonly raw?: RawCause; readonly endedAt?: Instant } = {},
): Step<TemplateState> {
  const { lastSeen } = state;
  return {
    state: { phase: 'closed' },
    changes: [{ type: 'disconnected', basis: basisOf(state), reason, lastSeen, ...details }],
  };
}
