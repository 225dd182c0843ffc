import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  afterFailedUpload,
  destroyUnlessClosed,
  onArrival,
  peerAddress,
  readArrived,
  remoteIpOf,
  type AdapterHost,
  type AuthenticatedDevice,
  type OpenConnection,
  type SocketPlace,
} from '@rollcall/adapter-kit';
import { later, type DisconnectedChange, type DisconnectReason, type EndedSignal } from '@rollcall/core';
import type { Command } from './command.ts';
import { createForesight, type Ending } from './foresight.ts';
import { readCommands } from './read-commands.ts';
import { templateTracker, type TemplateSignal } from './tracker.ts';

export interface DeviceOptions {
  readonly maxLineBytes: number;
  /** Time within which a network connection must have logged in. */
  readonly loginTimeoutMs: number;
  readonly idleLimitMs: number;
}

/** What is needed of a `net.Socket`. Its two halves must close independently (`allowHalfOpen`). */
export interface DeviceSocket extends Duplex {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

interface Session {
  readonly identity: AuthenticatedDevice;
  readonly connection: OpenConnection<TemplateSignal>;
}

const endedByDevice: ReadonlySet<DisconnectReason> = new Set([
  'client-closed',
  'connection-lost',
  'protocol-error',
]);

/**
 * Serves one network connection, from its first byte to its last: each command becomes a signal, and is answered.
 * One command after another, each answer on its way before the next command is read: a device that sends without
 * reading fills its own buffers only.
 */
export async function serveDevice(
  socket: DeviceSocket,
  host: AdapterHost,
  options: DeviceOptions,
  place: SocketPlace,
): Promise<void> {
  let session: Session | undefined;
  let closing = false;
  let ending: Ending | undefined;
  const foresee = createForesight(options.maxLineBytes);

  const report = (signal: TemplateSignal | EndedSignal): void => session?.connection.report(signal);
  const disarmLogin = host.context.clock.at(
    later(host.context.clock.monotonic(), options.loginTimeoutMs),
    () => close('error login timed out'),
  );
  // The address is gone once the socket is.
  const remoteAddress = peerAddress(socket);

  // Signs of life, a goodbye and mistakes count when they arrive, not when their turn comes: commands before them may take their time.
  onArrival(
    socket,
    (bytes) => {
      const foreseen = foresee(bytes);
      ending = foreseen.ending;
      report({ type: 'arrived', whole: foreseen.whole });
      if (ending) report(ending);
    },
    () => report({ type: 'socket-closed' }),
  );
  socket.on('error', (error: NodeJS.ErrnoException) =>
    report({ type: 'socket-closed', ...(error.code !== undefined && { text: error.code }) }),
  );
  socket.once('close', () => {
    disarmLogin();
    report({ type: 'socket-closed' });
  });

  for await (const command of readCommands(readArrived(socket), options.maxLineBytes)) {
    if (closing) break;
    await carryOut(command);
    // A device that sends a thousand commands at once waits for its turn as all others do.
    await nextTurn();
  }
  // A device that closed its side only is served to the end.
  report({ type: 'socket-closed' });
  close();

  async function carryOut(command: Command): Promise<void> {
    try {
      await (session ? obey(command, session) : logIn(command));
    } catch (error) {
      host.context.failed('template: command', error);
      report({ type: 'ended', reason: 'unspecified' });
      close();
      // Not even a last line could be written.
      if (socket.writable) socket.destroy();
    }
  }

  async function logIn(command: Command): Promise<void> {
    if (command.name !== 'login') {
      host.access.refused(command.name === 'invalid' ? 'credentials-malformed' : 'credentials-missing');
      return close(`error ${command.name === 'invalid' ? command.text : 'login first'}`);
    }
    const { username, password } = command;
    // From now on it waits for us.
    place.stand('busy');
    const result = await host.access.authenticate({
      username,
      password,
      remoteIp: remoteIpOf(socket),
      gone: isLost,
    });
    // A device that was lost meanwhile, or took too long, was never connected. One that said goodbye was.
    if (closing || isLost()) return;
    if (result.status === 'refused') return close(`error ${result.refusal.text}`);
    const { identity } = result;
    const refusal = host.access.admit(identity);
    if (refusal) return close(`error ${refusal.text}`);

    const connection = host.presence.open(templateTracker, {
      identity,
      remoteId: identity.authId,
      // As with MQTT: a device that was silent for so long is late, and has half as much again until it is gone.
      keepAliveMs: (options.idleLimitMs * 2) / 3,
      protocol: 'Template',
      ...(remoteAddress !== undefined && { remoteAddress }),
      onDisconnected,
    });
    session = { identity, connection };
    disarmLogin();
    place.accepted();
    report({ type: 'accepted', idleLimitMs: options.idleLimitMs });
    if (ending) report(ending);
    await connection.committed();
    report({ type: 'answered' });
    await answer('ok');
  }

  async function obey(command: Command, { identity, connection }: Session): Promise<void> {
    switch (command.name) {
      case 'ping':
        return answer('ok');
      case 'telemetry':
      case 'event': {
        const { name: endpoint, contentType, payload } = command;
        const result = await host.uplink.upload({
          by: identity,
          endpoint,
          qos: 1,
          contentType,
          payload,
          origAddress: endpoint,
        });
        if (result.status === 'accepted') return answer('ok');
        const { status, text } = result.failure;
        host.context.log.debug({ ...identity.device, status, text }, 'upload failed');
        const next = afterFailedUpload(result, 'failure');
        if (next.type === 'close') report({ type: 'ended', reason: next.reason, raw: { text } });
        return answer(`error ${status} ${text}`);
      }
      case 'bye':
        // Its end is in the journal before it is told that it was understood.
        await connection.committed();
        return close('ok');
      case 'login':
        return close('error logged in already');
      case 'invalid':
        return close(`error ${command.text}`);
      default:
        return command satisfies never;
    }
  }

  /** Of one that ended it by itself, what it said before is carried out still. */
  function onDisconnected({ reason, raw }: DisconnectedChange): void {
    if (!endedByDevice.has(reason)) close(`error ${raw?.text ?? reason}`);
  }

  function isLost(): boolean {
    return socket.destroyed && !ending;
  }

  /** Resolves when the answer is on its way, or never will be. */
  function answer(line: string): Promise<void> {
    return new Promise((resolve) => {
      if (socket.writable) socket.write(`${line}\n`, () => resolve());
      else resolve();
    });
  }

  /** Closes once what was written is read; a device that does not read gets no more time than this. */
  function close(lastLine?: string): void {
    if (closing || socket.closed) return;
    closing = true;
    if (lastLine !== undefined && socket.writable) socket.write(`${lastLine}\n`);
    socket.end();
    destroyUnlessClosed(socket, host.context.clock);
  }
}
