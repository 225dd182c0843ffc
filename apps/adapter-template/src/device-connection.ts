import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  peerAddress,
  remoteIpOf,
  type AdapterHost,
  type AuthenticatedDevice,
  type OpenConnection,
  type SocketPlace,
} from '@rollcall/adapter-kit';
import { later, type DisconnectedChange } from '@rollcall/core';
import type { Command } from './command.ts';
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

/** How long a device may take to read its last answer. */
const closeWithinMs = 1_000;

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

  const report = (signal: TemplateSignal): void => session?.connection.report(signal);
  const disarmLogin = host.clock.at(later(host.clock.monotonic(), options.loginTimeoutMs), () =>
    close('error login timed out'),
  );
  // The address is gone once the socket is.
  const remoteAddress = peerAddress(socket);

  socket.on('error', (error: NodeJS.ErrnoException) =>
    report({ type: 'socket-closed', ...(error.code !== undefined && { text: error.code }) }),
  );
  socket.once('close', () => {
    disarmLogin();
    report({ type: 'socket-closed' });
  });

  try {
    for await (const command of readCommands(socket, options.maxLineBytes)) {
      if (closing || socket.destroyed) break;
      await carryOut(command);
      // A device that sends a thousand commands at once waits for its turn as all others do.
      await nextTurn();
    }
  } catch {
    // The socket broke: its events say how.
  }
  report({ type: 'socket-closed' });
  close();

  async function carryOut(command: Command): Promise<void> {
    try {
      await (session ? obey(command, session) : logIn(command));
    } catch (error) {
      host.failed('template: command', error);
      report({ type: 'ended', reason: 'unspecified' });
      close();
      // Not even a last line could be written.
      if (socket.writable) socket.destroy();
    }
  }

  async function logIn(command: Command): Promise<void> {
    if (command.name !== 'login') {
      host.refused('bad-credentials');
      return close(`error ${command.name === 'invalid' ? command.text : 'login first'}`);
    }
    const { username, password } = command;
    // From now on it waits for us.
    place.stand('busy');
    const result = await host.authenticate({
      username,
      password,
      remoteIp: remoteIpOf(socket),
      gone: () => socket.destroyed,
    });
    // A device that left meanwhile, or took too long, was never connected.
    if (closing || socket.destroyed) return;
    if (result.status === 'refused') return close(`error ${result.refusal.text}`);
    const { identity } = result;
    const refusal = host.admit(identity);
    if (refusal) return close(`error ${refusal.text}`);

    const connection = host.open(templateTracker, {
      identity,
      remoteId: identity.authId,
      // As with MQTT: a device that was silent for so long is late, and has half as much again until it is gone.
      keepAliveMs: (options.idleLimitMs * 2) / 3,
      protocol: 'Template',
      ...(remoteAddress !== undefined && { remoteAddress }),
      end: (reason) => report({ type: 'ended', reason }),
      onDisconnected: (change) => close(farewell(change)),
    });
    session = { identity, connection };
    disarmLogin();
    place.accepted();
    report({ type: 'accepted', idleLimitMs: options.idleLimitMs });
    await connection.committed();
    await answer('ok');
  }

  async function obey(command: Command, { identity }: Session): Promise<void> {
    switch (command.name) {
      case 'ping':
        report({ type: 'command' });
        return answer('ok');
      case 'telemetry':
      case 'event': {
        report({ type: 'command' });
        const { name: endpoint, contentType, payload } = command;
        const result = await host.upload({
          by: identity,
          endpoint,
          qos: 1,
          contentType,
          payload,
          origAddress: endpoint,
        });
        if (result.status === 'accepted') return answer('ok');
        const { status, text } = result.failure;
        host.log.debug({ ...identity.device, status, text }, 'upload failed');
        if (result.terminal) report({ type: 'ended', reason: 'access-revoked', text });
        return answer(`error ${status} ${text}`);
      }
      case 'bye':
        return report({ type: 'bye' });
      case 'login':
        return report({ type: 'protocol-error', text: 'logged in already' });
      case 'invalid':
        return report({ type: 'protocol-error', text: command.text });
      default:
        return command satisfies never;
    }
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
    const disarm = host.clock.at(later(host.clock.monotonic(), closeWithinMs), () => socket.destroy());
    socket.once('close', disarm);
  }
}

/** What a device hears last, if it is still there to be told. */
function farewell({ reason, raw }: DisconnectedChange): string | undefined {
  if (reason === 'connection-lost') return undefined;
  return reason === 'client-closed' ? 'ok' : `error ${raw?.text ?? reason}`;
}
