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

export type AmqpSignal =
  /** SASL succeeded, and the adapter's Open is about to answer the peer's. */
  | { readonly type: 'accepted'; readonly idleTimeoutMs: number }
  /** The adapter's Open is on its way: until now the device waited for us. */
  | { readonly type: 'answered' }
  /** Bytes arrived. */
  | { readonly type: 'arrived' }
  /** A frame that had arrived is whole; empty ones too. */
  | { readonly type: 'frame' }
  /** The peer's Close; `error` where it says that something is wrong. */
  | { readonly type: 'close'; readonly error?: RawCause }
  /** The network connection is gone. */
  | { readonly type: 'socket-closed'; readonly text?: string }
  /** The device broke the protocol. */
  | { readonly type: 'protocol-error'; readonly text: string };

export type AmqpState =
  | { readonly phase: 'pending' }
  | {
      readonly phase: 'online';
      readonly lastSeen: Instant;
      /** When its last whole frame arrived: bytes alone do not keep it connected. */
      readonly aliveAt: Instant;
      readonly answered: boolean;
      readonly idleTimeoutMs: number;
    }
  | { readonly phase: 'closed' };

type Online = Extract<AmqpState, { phase: 'online' }>;

/** One AMQP connection: it begins when Opens are exchanged, and the first cause of its end counts. */
export const amqpTracker: ConnectionTracker<AmqpState, AmqpSignal> = {
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

function begin(state: AmqpState, signal: AmqpSignal | CommonSignal, at: Instant): Step<AmqpState> {
  switch (signal.type) {
    case 'accepted': {
      const online: Online = {
        phase: 'online',
        lastSeen: at,
        aliveAt: at,
        answered: false,
        idleTimeoutMs: signal.idleTimeoutMs,
      };
      return alive(online, [{ type: 'connected', basis: basisOf(online) }]);
    }
    case 'close':
    case 'socket-closed':
    case 'protocol-error':
    case 'ended':
      // It ended before it was accepted: nobody was told of it, and nobody will be.
      return { state: { phase: 'closed' }, changes: [] };
    case 'answered':
    case 'arrived':
    case 'frame':
    case 'deadline':
      return { state, changes: [] };
    default:
      return signal satisfies never;
  }
}

function goOn(state: Online, signal: AmqpSignal | CommonSignal, at: Instant): Step<AmqpState> {
  switch (signal.type) {
    case 'arrived':
      return alive({ ...state, lastSeen: at }, []);
    case 'frame':
      // A frame may have come while the Open had still to be answered.
      return alive({ ...state, aliveAt: Math.max(state.aliveAt, state.lastSeen) as Instant }, []);
    case 'accepted':
      return alive(state, []);
    case 'answered':
      // Not before: a device that waits for the Open is silent for our sake.
      return alive({ ...state, answered: true, aliveAt: at }, []);
    case 'close':
      // A device that closes with an error leaves, and not in peace.
      return end(state, 'client-closed', {
        endedAt: state.lastSeen,
        ...(signal.error !== undefined && { raw: signal.error, clean: false }),
      });
    case 'socket-closed':
      return end(state, 'connection-lost', signal.text === undefined ? {} : { raw: { text: signal.text } });
    case 'protocol-error':
      return end(state, 'protocol-error', { raw: { text: signal.text }, endedAt: state.lastSeen });
    case 'ended':
      return end(state, signal.reason, signal.raw === undefined ? {} : { raw: signal.raw });
    case 'deadline':
      // A timer may fire early: the silence decides.
      return !state.answered || silenceEnds(state) > at
        ? alive(state, [])
        : end(state, 'keepalive-timeout', {});
    default:
      return signal satisfies never;
  }
}

function basisOf({ idleTimeoutMs }: Online): SessionBasis {
  return { kind: 'session', detectWithinMs: idleTimeoutMs };
}

function alive(state: Online, changes: Step<AmqpState>['changes']): Step<AmqpState> {
  return state.answered ? { state, changes, deadline: silenceEnds(state) } : { state, changes };
}

function silenceEnds({ aliveAt, idleTimeoutMs }: Online): Instant {
  return later(aliveAt, idleTimeoutMs);
}

function end(
  state: Online,
  reason: DisconnectReason,
  details: {
    readonly raw?: RawCause;
    readonly clean?: boolean;
    /** What the device said ended it: that counts from when its bytes arrived, which was the last that was heard. */
    readonly endedAt?: Instant;
  },
): Step<AmqpState> {
  const { lastSeen } = state;
  return {
    state: { phase: 'closed' },
    changes: [{ type: 'disconnected', basis: basisOf(state), reason, lastSeen, ...details }],
  };
}
