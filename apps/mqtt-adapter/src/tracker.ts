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
import { reasonCodes } from './reason-codes.ts';

/** How silence of a device is noticed. */
export interface Liveness {
  /** Longest silence between two packets; `undefined` where only TCP's own keep-alive tells. */
  readonly maxSilenceMs: number | undefined;
  /** How fast silence is noticed at the latest. */
  readonly detectWithinMs: number | null;
}

export type MqttSignal =
  /** The CONNECT is accepted. */
  | { readonly type: 'accepted'; readonly liveness: Liveness }
  /** The CONNACK is on its way: until now the device waited for us. */
  | { readonly type: 'answered' }
  /** Bytes arrived; `whole` where a control packet ends among them. */
  | { readonly type: 'arrived'; readonly whole: boolean }
  /** The device's DISCONNECT; MQTT 3.1.1 has no reason code, and no Reason String. */
  | { readonly type: 'disconnect-packet'; readonly reasonCode?: number; readonly text?: string }
  /** The network connection is gone. */
  | { readonly type: 'socket-closed'; readonly text?: string }
  /** The device broke the protocol. */
  | { readonly type: 'protocol-error'; readonly code: number; readonly text: string };

export type MqttState =
  | { readonly phase: 'pending' }
  | {
      readonly phase: 'online';
      readonly lastSeen: Instant;
      /** When its last whole packet arrived: bytes alone do not keep it connected [MQTT-3.1.2-22]. */
      readonly aliveAt: Instant;
      readonly answered: boolean;
      readonly maxSilenceMs: number | undefined;
      readonly basis: SessionBasis;
    }
  | { readonly phase: 'closed' };

type Online = Extract<MqttState, { phase: 'online' }>;

/** One MQTT connection: it begins when its CONNECT is accepted, and the first cause of its end counts. */
export const mqttTracker: ConnectionTracker<MqttState, MqttSignal> = {
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

function begin(state: MqttState, signal: MqttSignal | CommonSignal, at: Instant): Step<MqttState> {
  switch (signal.type) {
    case 'accepted': {
      const { maxSilenceMs, detectWithinMs } = signal.liveness;
      const basis: SessionBasis = { kind: 'session', detectWithinMs };
      const online: Online = {
        phase: 'online',
        lastSeen: at,
        aliveAt: at,
        answered: false,
        maxSilenceMs,
        basis,
      };
      return alive(online, [{ type: 'connected', basis }]);
    }
    case 'socket-closed':
    case 'protocol-error':
    case 'disconnect-packet':
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

function goOn(state: Online, signal: MqttSignal | CommonSignal, at: Instant): Step<MqttState> {
  switch (signal.type) {
    case 'arrived':
      return alive({ ...state, lastSeen: at, aliveAt: signal.whole ? at : state.aliveAt }, []);
    case 'accepted':
      return alive(state, []);
    case 'answered':
      // Not before: a device that waits for its CONNACK is silent for our sake.
      return alive({ ...state, answered: true, aliveAt: at }, []);
    case 'disconnect-packet':
      return end(state, 'client-closed', { ...goodbye(signal), endedAt: state.lastSeen });
    case 'socket-closed':
      return end(state, 'connection-lost', signal.text === undefined ? {} : { raw: { text: signal.text } });
    case 'protocol-error':
      return end(state, 'protocol-error', {
        raw: { code: signal.code, text: signal.text },
        endedAt: state.lastSeen,
      });
    case 'ended':
      return end(state, signal.reason, signal.raw === undefined ? {} : { raw: signal.raw });
    case 'deadline':
      // A timer may fire early: the silence decides.
      return silenceEnds(state) > at
        ? alive(state, [])
        : end(state, 'keepalive-timeout', {
            raw: { code: reasonCodes.keepAliveTimeout, text: 'Keep Alive timeout' },
          });
    default:
      return signal satisfies never;
  }
}

function silenceEnds({ aliveAt, answered, maxSilenceMs }: Online): Instant {
  return later(aliveAt, (answered ? maxSilenceMs : undefined) ?? Number.POSITIVE_INFINITY);
}

function alive(state: Online, changes: Step<MqttState>['changes']): Step<MqttState> {
  return state.maxSilenceMs === undefined || !state.answered
    ? { state, changes }
    : { state, changes, deadline: silenceEnds(state) };
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
): Step<MqttState> {
  const { basis, lastSeen } = state;
  return {
    state: { phase: 'closed' },
    changes: [{ type: 'disconnected', basis, reason, lastSeen, ...details }],
  };
}

/**
 * "Disconnect with Will Message" asks for what a lost device leaves behind [MQTT-3.14.2-1], and codes from 0x80 on tell of an
 * error (MQTT 5.0 §2.4): neither is a clean goodbye.
 */
function goodbye({ reasonCode, text }: Extract<MqttSignal, { readonly type: 'disconnect-packet' }>): {
  readonly raw?: RawCause;
  readonly clean?: boolean;
} {
  if (reasonCode === undefined) return {};
  return {
    raw: { code: reasonCode, ...(text !== undefined && { text }) },
    ...((reasonCode === reasonCodes.disconnectWithWill || reasonCode >= reasonCodes.unspecified) && {
      clean: false,
    }),
  };
}
