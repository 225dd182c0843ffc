import type { Instant } from '@rollcall/core';
import type { Socket } from 'node:net';
import type { DisconnectReason } from '@rollcall/core/events';
import type { AuthenticatedDevice } from '@rollcall/access';
import type { AdapterHost, ProtocolAdapter } from '@rollcall/adapter-kit';
import {
  arrivedAt,
  type Cut,
  FrameCutter,
  lineFormat,
  onArrival,
  readArrived,
  readFrames,
} from '@rollcall/adapter-kit/arrival';
import {
  destroyUnlessClosed,
  listenForSockets,
  sendHeartBeats,
  type SocketPlace,
} from '@rollcall/adapter-kit/listening';
import { type OpenConnection, session, sessionTracker } from '@rollcall/presence';
import type { AdapterLimits } from '../adapter-harness.ts';

/**
 * The smallest protocol with a session. The first line is `auth-id@tenant password name`, `up` uploads, and any other line is a
 * sign of life. `bye` is a goodbye, in the protocols that have one. In some, the adapter sends `beat` by itself.
 */
export interface LineProtocol {
  readonly goodbye: boolean;
  readonly heartBeatMs?: number;
}

export const silenceMs = 30_000;

type LineSignal =
  | { readonly type: 'accepted'; readonly heardAt: Instant | undefined }
  | { readonly type: 'answered' | 'arrived' | 'bye' | 'nonsense' | 'socket-closed' };

const lineTracker = sessionTracker<LineSignal>({
  accepted: ({ heardAt }) => session.begins({ maxSilenceMs: silenceMs, detectWithinMs: silenceMs }, heardAt),
  answered: () => session.answered,
  arrived: () => session.heardWhole,
  bye: () => session.leaves('client-closed'),
  nonsense: () => session.leaves('protocol-error'),
  'socket-closed': () => session.ends('connection-lost'),
});

export function createLineAdapter(
  protocol: LineProtocol,
  { maxPendingSockets = 100 }: AdapterLimits = {},
): ProtocolAdapter {
  return {
    type: 'hono-line',
    start: (host) =>
      listenForSockets({
        scheme: 'tcp',
        listeners: { plain: { host: '127.0.0.1', port: 0 } },
        handshakeTimeoutMs: 10_000,
        maxPendingSockets,
        allowHalfOpen: true,
        context: host.context,
        serve(socket, place) {
          new LineDevice(socket, place, host, protocol).serve().catch((error: unknown) => {
            host.context.failed('lines', error);
            socket.destroy();
          });
        },
      }),
  };
}

const format = lineFormat(256);

function lineOf(cut: Cut): string {
  return cut.type === 'frame' ? Buffer.from(cut.bytes).toString() : 'nonsense';
}

/** The device ended it itself: what it said before is still carried out. */
const endedByDevice: ReadonlySet<DisconnectReason> = new Set([
  'client-closed',
  'connection-lost',
  'protocol-error',
]);

class LineDevice {
  readonly #socket: Socket;
  readonly #place: SocketPlace;
  readonly #host: AdapterHost;
  readonly #protocol: LineProtocol;
  #session: { readonly by: AuthenticatedDevice; readonly connection: OpenConnection<LineSignal> } | undefined;
  /** How the device ends its session, once that has arrived. */
  #end: 'bye' | 'nonsense' | undefined;
  #heardAt: Instant | undefined;

  constructor(socket: Socket, place: SocketPlace, host: AdapterHost, protocol: LineProtocol) {
    this.#socket = socket;
    this.#place = place;
    this.#host = host;
    this.#protocol = protocol;
    const cutter = new FrameCutter(format);
    onArrival(
      socket,
      (bytes) => {
        this.#heardAt = arrivedAt(socket, host.context.clock);
        this.#report('arrived');
        for (const cut of cutter.cut(bytes)) this.#end ??= this.#endBy(lineOf(cut));
        if (this.#end) this.#report(this.#end);
      },
      () => this.#report('socket-closed'),
    );
    socket.on('error', () => {});
    socket.on('close', () => this.#report('socket-closed'));
  }

  async serve(): Promise<void> {
    for await (const cut of readFrames(readArrived(this.#socket), format)) {
      const line = lineOf(cut);
      if (!this.#session) await this.#greet(line);
      else if (this.#endBy(line)) break;
      else await this.#obey(line, this.#session.by);
      if (!this.#session) break;
    }
    this.#report('socket-closed');
    this.#close();
  }

  #endBy(line: string): 'bye' | 'nonsense' | undefined {
    if (line === 'bye' && this.#protocol.goodbye) return 'bye';
    return line === 'nonsense' ? 'nonsense' : undefined;
  }

  async #greet(line: string): Promise<void> {
    const { access, presence } = this.#host;
    const [username = '', password = '', remoteId = ''] = line.split(' ');
    const login = { username, password: Buffer.from(password), remoteIp: this.#socket.remoteAddress ?? '' };
    this.#place.stand('busy');
    const result = await access.authenticate(login);
    if (result.status === 'refused')
      return this.#close(result.refusal.reason === 'throttled' ? 'later\n' : 'no\n');
    await access.beforeAdmit(result.identity, remoteId);
    if (this.#socket.destroyed && !this.#end) return undefined;
    if (access.admit(result.identity, remoteId)) return this.#close('no\n');
    const connection = presence.open(lineTracker, {
      identity: result.identity,
      remoteId,
      slot: remoteId,
      keepAliveMs: silenceMs / 2,
      protocol: 'lines',
      onDisconnected: ({ reason }) => !endedByDevice.has(reason) && this.#close(),
    });
    this.#session = { by: result.identity, connection };
    this.#place.accepted();
    connection.report({ type: 'accepted', heardAt: this.#heardAt });
    if (this.#end) this.#report(this.#end);
    await connection.committed();
    this.#report('answered');
    const { heartBeatMs } = this.#protocol;
    if (heartBeatMs !== undefined)
      sendHeartBeats(this.#socket, this.#host.context.clock, heartBeatMs, () => this.#answer('beat'));
    return this.#answer('yes');
  }

  async #obey(line: string, by: AuthenticatedDevice): Promise<void> {
    if (line !== 'up') return this.#answer('here');
    const payload = Buffer.from('21');
    const upload = { by, endpoint: 'event', qos: 1, contentType: 'text/plain', payload } as const;
    const { status } = await this.#host.uplink.upload({ ...upload, origAddress: 'event' });
    return this.#answer(status);
  }

  #report(type: Exclude<LineSignal['type'], 'accepted'>): void {
    this.#session?.connection.report({ type });
  }

  #answer(line: string): void {
    if (this.#socket.writable) this.#socket.write(`${line}\n`);
  }

  #close(lastWords = ''): void {
    if (this.#socket.closed) return;
    this.#socket.end(lastWords);
    destroyUnlessClosed(this.#socket, this.#host.context.clock);
  }
}
