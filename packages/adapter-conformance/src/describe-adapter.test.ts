import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Instant } from '@rollcall/core';
import { later } from '@rollcall/core/environment';
import type { DisconnectReason } from '@rollcall/core/events';
import type { ConnectionTracker, Step } from '@rollcall/core/tracker';
import type { AdapterHost, ProtocolAdapter } from '@rollcall/adapter-kit';
import { type SocketPlace, listenForSockets } from '@rollcall/adapter-kit/listening';
import type { AdapterLimits, DevicePeer } from './adapter-harness.ts';
import { describeAdapter } from './describe-adapter.ts';

/** The smallest protocol with a session: the first line is `auth-id@tenant password`, `bye` is a goodbye. */

const silenceMs = 30_000;
const basis = { kind: 'session', detectWithinMs: silenceMs } as const;

type LineSignal =
  | { readonly type: 'accepted' }
  | { readonly type: 'line' }
  | { readonly type: 'left'; readonly reason: DisconnectReason };
type LineState =
  | { readonly phase: 'pending' | 'closed' }
  | { readonly phase: 'online'; readonly lastSeen: Instant };

const lineTracker: ConnectionTracker<LineState, LineSignal> = {
  initial: { phase: 'pending' },
  reduce(state, signal, at): Step<LineState> {
    if (state.phase === 'pending' && signal.type === 'accepted')
      return {
        state: { phase: 'online', lastSeen: at },
        changes: [{ type: 'connected', basis }],
        deadline: later(at, silenceMs),
      };
    if (state.phase !== 'online') return { state, changes: [] };
    const due = later(state.lastSeen, silenceMs);
    if (signal.type === 'deadline' && at < due) return { state, changes: [], deadline: due };
    if (signal.type === 'line' || signal.type === 'accepted')
      return { state: { phase: 'online', lastSeen: at }, changes: [], deadline: later(at, silenceMs) };
    const reason = signal.type === 'deadline' ? 'keepalive-timeout' : signal.reason;
    return {
      state: { phase: 'closed' },
      changes: [{ type: 'disconnected', basis, reason, lastSeen: state.lastSeen }],
    };
  },
  presence: (state) => (state.phase === 'online' ? { lastSeen: state.lastSeen } : undefined),
};

function createLineAdapter({ maxPendingSockets = 100 }: AdapterLimits = {}): ProtocolAdapter {
  return {
    type: 'hono-line',
    start: (host) =>
      listenForSockets({
        scheme: 'tcp',
        listeners: { plain: { host: '127.0.0.1', port: 0 } },
        handshakeTimeoutMs: 10_000,
        maxPendingSockets,
        context: host.context,
        serve: (socket, place) => serve(socket, place, host),
      }),
  };
}

function serve(socket: Socket, place: SocketPlace, host: AdapterHost): void {
  let report = (_signal: LineSignal): void => {};
  let greeted = false;
  socket.on('error', () => {});
  socket.on('close', () => report({ type: 'left', reason: 'connection-lost' }));
  createInterface(socket).on('line', (line) => {
    if (greeted) report(line === 'bye' ? { type: 'left', reason: 'client-closed' } : { type: 'line' });
    else
      greet(line).catch((error: unknown) => {
        host.context.failed('lines', error);
        socket.destroy();
      });
    greeted = true;
  });

  async function greet(line: string): Promise<void> {
    const [username = '', password = '', remoteId = ''] = line.split(' ');
    const login = { username, password: Buffer.from(password), remoteIp: socket.remoteAddress ?? '' };
    const result = await host.access.authenticate(login);
    if (result.status === 'accepted') await host.access.beforeAdmit(result.identity, remoteId);
    const refused = result.status === 'refused' || host.access.admit(result.identity, remoteId) !== undefined;
    if (result.status === 'refused' && result.refusal.reason === 'throttled')
      return void socket.end('later\n');
    if (refused || socket.destroyed) return void socket.end('no\n');
    const connection = host.presence.open(lineTracker, {
      identity: result.identity,
      remoteId,
      slot: remoteId,
      keepAliveMs: silenceMs / 2,
      protocol: 'lines',
      onDisconnected: () => void socket.end(),
    });
    report = connection.report;
    place.accepted();
    report({ type: 'accepted' });
    await connection.committed();
    if (socket.writable) socket.write('yes\n');
    return undefined;
  }
}

describeAdapter('a sample adapter', {
  silenceMs,
  createAdapter: createLineAdapter,
  temporary: 'later\n',
  async connect({ port }, { username, password, remoteId }, heard): Promise<DevicePeer | undefined> {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(`${username} ${password} ${remoteId}\n`);
    const answer = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
    if (String(answer[0]) !== 'yes\n') {
      heard?.(String(answer[0]));
      socket.destroy();
      return undefined;
    }
    return {
      async leave() {
        socket.end('bye\n');
      },
      async vanish() {
        socket.destroy();
      },
      async fallSilent() {},
    };
  },
});
