import type { Instant, Timestamp } from '@rollcall/core';
import { later } from '@rollcall/core/environment';
import type { DisconnectReason } from '@rollcall/core/events';
import type { CommonSignal, ConnectionTracker, DisconnectedChange, Step } from '@rollcall/core/tracker';
import type { AdapterHost, ProtocolAdapter } from '@rollcall/adapter-kit';
import type { AuthenticatedDevice } from '@rollcall/access';
import type { OpenConnection } from '@rollcall/presence';
import { scriptedPassword } from '@rollcall/conformance/registry';
import { startForTest, type AdapterInTest, type TestSetting } from './start-for-test.ts';

/** A session that begins, is heard, and ends when told so. */
type ScriptedSignal =
  | { readonly type: 'begin'; readonly maxSilenceMs?: number }
  | { readonly type: 'heard' }
  /** The device, or the network, ends it. */
  | { readonly type: 'end'; readonly change: Omit<DisconnectedChange, 'type' | 'basis' | 'lastSeen'> };
interface State {
  readonly seen: Instant | undefined;
  readonly maxSilenceMs: number;
}
const basis = { kind: 'session', detectWithinMs: null } as const;
const onCommand: ConnectionTracker<State, ScriptedSignal> = {
  initial: { seen: undefined, maxSilenceMs: Number.POSITIVE_INFINITY },
  reduce(state, signal, at): Step<State> {
    if (signal.type === 'begin') {
      const { maxSilenceMs = state.maxSilenceMs } = signal;
      return alive({ seen: at, maxSilenceMs }, at, [{ type: 'connected', basis }]);
    }
    if (state.seen === undefined) return { state, changes: [] };
    if (signal.type === 'heard') return alive({ ...state, seen: at }, at);
    if (signal.type === 'deadline' && at < state.seen + state.maxSilenceMs) return alive(state, state.seen);
    const ended = { type: 'disconnected', basis, lastSeen: state.seen, ...endOf(signal) } as const;
    return { state: { ...state, seen: undefined }, changes: [ended] };
  },
  presence: ({ seen }) => seen && { lastSeen: seen },
};

function endOf(
  signal: Exclude<ScriptedSignal, { type: 'begin' | 'heard' }> | CommonSignal,
): Omit<DisconnectedChange, 'type' | 'basis' | 'lastSeen'> {
  switch (signal.type) {
    case 'end':
      return signal.change;
    case 'ended':
      return { reason: signal.reason, ...(signal.raw && { raw: signal.raw }) };
    case 'deadline':
      return { reason: 'keepalive-timeout' };
    default:
      return signal satisfies never;
  }
}

function alive(state: State, seen: Instant, changes: Step<State>['changes'] = []): Step<State> {
  return Number.isFinite(state.maxSilenceMs)
    ? { state, changes, deadline: later(seen, state.maxSilenceMs) }
    : { state, changes };
}

export interface ScriptedInTest extends AdapterInTest {
  readonly host: AdapterHost;
  beginAnonymous(facts?: { maxSilenceMs?: number }): {
    readonly connection: OpenConnection<ScriptedSignal>;
    /** How it ended, each time. */
    readonly ended: readonly DisconnectReason[];
  };
  begin(facts?: {
    remoteId?: string;
    expiresInMs?: number;
    username?: string;
    maxSilenceMs?: number;
    /** Default: that of `username`, with its password. */
    identity?: AuthenticatedDevice;
  }): Promise<{
    readonly connection: OpenConnection<ScriptedSignal>;
    /** How it ended, each time. */
    readonly ended: readonly DisconnectReason[];
  }>;
}

/** Runs an adapter whose only device is the test. */
export async function startScripted(setting: TestSetting = {}): Promise<ScriptedInTest> {
  let started: AdapterHost | undefined;
  const adapter: ProtocolAdapter = {
    type: 'hono-test',
    async start(host) {
      started = host;
      return {
        listening: [{ scheme: 'test', host: '127.0.0.1', port: 1 }],
        stopAccepting: async () => {},
        close: async () => {},
      };
    },
  };
  const inTest = await startForTest(adapter, setting);
  const host = started;
  if (!host) throw new Error('not started');
  const logIn = async (username: string): Promise<AuthenticatedDevice> => {
    const password = Buffer.from(scriptedPassword);
    const result = await host.access.authenticate({ username, password, remoteIp: '127.0.0.1' });
    if (result.status !== 'accepted') throw new Error('refused');
    return result.identity;
  };
  return {
    ...inTest,
    host,
    beginAnonymous({ maxSilenceMs } = {}) {
      const ended: DisconnectReason[] = [];
      const connection = host.presence.openAnonymous(onCommand, {
        onDisconnected: ({ reason }) => ended.push(reason),
      });
      connection.report(begin(maxSilenceMs));
      return { connection, ended };
    },
    async begin(facts = {}) {
      const device = facts.identity ?? (await logIn(facts.username ?? 'thermostat-7@acme'));
      const identity: AuthenticatedDevice = {
        ...device,
        ...(facts.expiresInMs !== undefined && {
          expiresAt: (inTest.clock.now() + facts.expiresInMs) as Timestamp,
        }),
      };
      const ended: DisconnectReason[] = [];
      const remoteId = facts.remoteId ?? 'unit-1';
      const connection = host.presence.open(onCommand, {
        identity,
        remoteId,
        slot: remoteId,
        protocol: 'test',
        remoteAddress: '192.0.2.1:4711',
        onDisconnected: ({ reason }) => ended.push(reason),
      });
      connection.report(begin(facts.maxSilenceMs));
      return { connection, ended };
    },
  };
}

function begin(maxSilenceMs: number | undefined): ScriptedSignal {
  return { type: 'begin', ...(maxSilenceMs !== undefined && { maxSilenceMs }) };
}
