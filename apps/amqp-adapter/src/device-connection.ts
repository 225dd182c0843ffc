import type { Socket } from 'node:net';
import {
  createUploadWindow,
  destroyUnlessClosed,
  onArrival,
  peerAddress,
  type AdapterHost,
  type OpenConnection,
  type Refusal,
  type SocketPlace,
} from '@rollcall/adapter-kit';
import { GuardedSocket } from '@rollcall/amqp-frame-guard';
import { later, type DisconnectedChange, type EndedSignal } from '@rollcall/core';
import {
  answerOpenLater,
  creditOfLink,
  forgoSilenceTimer,
  internalsOf,
  saslIsDone,
  serveSasl,
  settle,
  type PeersOpen,
} from '@rollcall/rhea-internals';
import type rhea from 'rhea';
import { endCauses, refusalConditions, uploadCondition, type AmqpCause } from './conditions.ts';
import { readMessage, type DeviceMessageContent } from './read-message.ts';
import { saslMechanisms, type LoggedIn } from './sasl-login.ts';
import { amqpTracker, type AmqpSignal } from './tracker.ts';
import { parseUploadAddress } from './upload-address.ts';

export interface DeviceOptions {
  readonly maxPayloadBytes: number;
  readonly maxFrameBytes: number;
  readonly idleTimeoutMs: number;
  /** Time within which a network connection must have opened. */
  readonly openTimeoutMs: number;
  /** Whether every device must say, and prove, who it is. */
  readonly authenticationRequired: boolean;
}

/** What rhea's container is told of, handed to the connection it concerns. */
export interface DeviceConnection {
  attachedToSend(link: rhea.Receiver): void;
  attachedToReceive(link: rhea.Sender): void;
  message(context: rhea.EventContext): void;
  closed(error: AmqpCause | undefined): void;
}

/** Messages a device may have under way on a link, as in Hono. */
const linkCredit = 30;
const maxContainerIdLength = 256;

/** Serves one network connection, from its first byte to its last: turns what the guard and rhea see into signals. */
export function serveDevice(
  socket: Socket,
  connection: rhea.Connection,
  host: AdapterHost,
  options: DeviceOptions,
  place: SocketPlace,
): DeviceConnection {
  const remoteAddress = peerAddress(socket);
  const window = createUploadWindow();
  let peer: LoggedIn | undefined;
  let open: OpenConnection<AmqpSignal> | undefined;
  /** Uploads without an outcome; `settled` is told when there is none any more. */
  let uploading = 0;
  let settled = (): void => {};
  const report = (signal: AmqpSignal | EndedSignal): void => open?.report(signal);

  onArrival(socket, () => report({ type: 'arrived' }));

  const disarmOpen = host.context.clock.at(later(host.context.clock.monotonic(), options.openTimeoutMs), () =>
    socket.destroy(),
  );
  const guarded = new GuardedSocket(socket, {
    limits: {
      maxFrameBytes: options.maxFrameBytes,
      // Room for what stands beside the payload; a larger message detaches its link, a much larger one the connection.
      maxMessageBytes: 4 * options.maxPayloadBytes + 16_384,
    },
    saslDone: () => saslIsDone(connection),
    creditOf: (channel, handle) => creditOfLink(connection, channel, handle),
    onFrame: () => report({ type: 'frame' }),
    async onHungUp() {
      report({ type: 'socket-closed' });
      // It may still read what became of its messages.
      if (uploading > 0) await new Promise<void>((resolve) => (settled = resolve));
    },
    onViolation(problem) {
      host.context.log.debug({ remoteAddress, problem }, 'device broke the protocol');
      report({ type: 'protocol-error', text: problem });
    },
  });
  socket.on('close', disarmOpen);
  guarded.on('error', (error: NodeJS.ErrnoException) =>
    report({ type: 'socket-closed', ...(error.code !== undefined && { text: error.code }) }),
  );
  guarded.on('end', () => {
    report({ type: 'socket-closed' });
    closeSoon();
  });

  const mechanisms = saslMechanisms(socket, {
    access: host.access,
    authenticationRequired: options.authenticationRequired,
    isLost,
    onAsked: () => place.stand('busy'),
    onLoggedIn: (who) => (peer = who),
  });
  forgoSilenceTimer(connection);
  serveSasl(connection, guarded, mechanisms, closeSoon);
  // Ours has to wait for the journal.
  const answer = answerOpenLater(connection, (opened) => {
    guarded.hold();
    answerOpen(opened).then(
      () => guarded.resume(),
      (error: unknown) => {
        host.context.failed('amqp: open', error);
        guarded.drop();
      },
    );
  });

  /** Whether the device gave up, rather than having said all it had to. */
  function isLost(): boolean {
    return (socket.destroyed || socket.readableEnded) && !guarded.saidClose;
  }

  async function answerOpen(opened: PeersOpen): Promise<void> {
    disarmOpen();
    // A device that was lost meanwhile was never connected.
    if (isLost()) return;
    const { container_id: containerId, desired_capabilities: desired } = opened;
    // The guard lets nobody come so far without SASL.
    if (!peer) throw new Error('SASL let nobody in');
    if (peer.status === 'refused') return refuse(peer.refusal);
    const identity = peer.status === 'device' ? peer.identity : undefined;
    const exclusive = [desired ?? []].flat().map(String).includes('sole-connection-for-container');
    const slot = exclusive && typeof containerId === 'string' ? containerId : undefined;
    const refusal = host.access.admit(identity, slot);
    if (refusal) return refuse(refusal);
    if (typeof containerId !== 'string' || containerId.length > maxContainerIdLength) {
      answer();
      return close({ code: 'amqp:invalid-field', text: 'container-id is missing or too long' });
    }
    const life = { endCauses, onDisconnected };
    open = identity
      ? host.presence.open(amqpTracker, {
          identity,
          remoteId: containerId === '' ? identity.authId : containerId,
          ...(slot !== undefined && { slot }),
          // It was told half of what it gets, and has to be heard that often.
          keepAliveMs: options.idleTimeoutMs / 2,
          protocol: 'AMQP 1.0',
          ...(remoteAddress !== undefined && { remoteAddress }),
          ...life,
        })
      : host.presence.openAnonymous(amqpTracker, life);
    place.accepted();
    report({ type: 'accepted', idleTimeoutMs: options.idleTimeoutMs });
    await open.committed();
    report({ type: 'answered' });
    answer();
  }

  function refuse({ reason, text }: Refusal): void {
    answer();
    close({ code: refusalConditions[reason] ?? 'amqp:precondition-failed', text });
  }

  /** Tells the device why, and closes once it was read. */
  function close(cause?: AmqpCause): void {
    connection.close(cause && { condition: cause.code, description: cause.text });
    closeSoon();
  }

  function closeSoon(): void {
    // What it said last may be read after it has gone.
    if (socket.closed) return;
    destroyUnlessClosed(socket, host.context.clock);
    // What is written in this turn goes out first.
    setImmediate(() => setImmediate(() => socket.end()));
  }

  function onDisconnected({ reason, raw }: DisconnectedChange): void {
    switch (reason) {
      case 'connection-lost':
        return undefined;
      case 'client-closed':
        return closeSoon();
      case 'keepalive-timeout':
        return close({ code: 'amqp:resource-limit-exceeded', text: 'local-idle-timeout expired' });
      default:
        return close({
          code: typeof raw?.code === 'string' ? raw.code : 'amqp:internal-error',
          text: raw?.text ?? reason,
        });
    }
  }

  async function upload(
    to: unknown,
    content: DeviceMessageContent,
    delivery: rhea.Delivery,
    receiver: rhea.Receiver,
  ): Promise<void> {
    if (!open) return;
    const by = peer?.status === 'device' ? peer.identity : undefined;
    const address = parseUploadAddress(to);
    const presettled = delivery.remote_settled;
    const result =
      address === undefined
        ? ({ status: 'failed', failure: { status: 404, text: 'no such endpoint' }, terminal: false } as const)
        : address.endpoint === 'event' && presettled
          ? ({
              status: 'failed',
              failure: { status: 400, text: 'events must not be settled' },
              terminal: false,
            } as const)
          : await window.run(() =>
              host.uplink.upload({
                ...(by && { by }),
                ...address,
                ...content,
                qos: presettled ? 0 : 1,
                origAddress: String(to),
              }),
            );
    if (result.status === 'failed')
      host.context.log.debug({ ...by?.device, ...result.failure }, 'upload failed');
    if (!receiver.is_open()) return;
    if (result.status === 'accepted') {
      if (!presettled) settle(delivery, { kind: 'accepted' });
    } else if (!presettled) {
      const condition = uploadCondition(result.failure);
      const { text: description } = result.failure;
      settle(
        delivery,
        condition === undefined ? { kind: 'released' } : { kind: 'rejected', condition, description },
      );
    }
    receiver.add_credit(1);
    if (result.status === 'failed' && result.terminal)
      report({ type: 'ended', reason: 'access-revoked', raw: endCauses['access-revoked'] });
  }

  return {
    attachedToSend(link) {
      const target = link.target?.address as unknown;
      const raw = internalsOf(link);
      raw.set_source({});
      raw.set_target({});
      if (target !== undefined && target !== null && target !== '') {
        link.close({
          condition: 'hono:bad-request',
          description: 'container supports anonymous terminus only',
        });
        return;
      }
      link.add_credit(linkCredit);
    },

    attachedToReceive(link) {
      const address = (link.source as { readonly address?: unknown } | undefined)?.address;
      const source = typeof address === 'string' ? address : '';
      const raw = internalsOf(link);
      raw.set_source({ address: source });
      raw.set_target({});
      const isCommand = /^(?:command|c)(?:\/|$)/.test(source);
      link.close(
        isCommand
          ? { condition: 'amqp:not-implemented', description: 'commands are not supported' }
          : { condition: 'amqp:not-found', description: 'no such node' },
      );
    },

    message({ message, delivery, receiver }) {
      if (!message || !delivery || !receiver) return;
      const content = readMessage(message);
      if ((content.payload?.byteLength ?? 0) > options.maxPayloadBytes) {
        receiver.close({
          condition: 'amqp:link:message-size-exceeded',
          description: `payload is larger than ${options.maxPayloadBytes} bytes`,
        });
        return;
      }
      uploading += 1;
      upload(message.to, content, delivery, receiver)
        .catch((error: unknown) => {
          host.context.failed('amqp: message', error);
          report({ type: 'ended', reason: 'unspecified', raw: { code: 'amqp:internal-error' } });
        })
        .finally(() => {
          uploading -= 1;
          // rhea writes the outcome in a tick of its own.
          if (uploading === 0) setImmediate(() => settled());
        });
    },

    closed: (error) => report({ type: 'close', ...(error && { error }) }),
  };
}
