import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuthenticatedDevice } from '@rollcall/access';
import type { AdapterHost } from '@rollcall/adapter-kit';
import { arrivedAt, onArrival } from '@rollcall/adapter-kit/arrival';
import {
  destroyUnlessClosed,
  peerAddress,
  sendHeartBeats,
  type SocketPlace,
} from '@rollcall/adapter-kit/listening';
import type { OpenConnection } from '@rollcall/presence';
import { GuardedSocket, unfinishedPartBytes, type GuardedSocketOptions } from '@rollcall/amqp-frame-guard';
import type { Instant } from '@rollcall/core';
import type { DisconnectedChange, EndedSignal } from '@rollcall/core/tracker';
import { forgo } from '@rollcall/rhea-internals';
import {
  answerOpenLater,
  creditOfLink,
  discardUnfinished,
  endOnceWritten,
  forgoSilenceTimer,
  saslIsDone,
  serveSasl,
  takeOverHeartBeats,
  type PeersOpen,
} from '@rollcall/rhea-internals/server';
import type rhea from 'rhea';
import { closeAfter, endCauses, refusalCause, type AmqpCause } from './device-answers.ts';
import { attachedToSend, detachOver, noTransactions, settlesLast, takenBack } from './device-links.ts';
import { readOpen } from './device-open.ts';
import { readContent } from './device-request.ts';
import { DeviceUploads } from './device-uploads.ts';
import { saslMechanisms, type LoggedIn } from './sasl-login.ts';
import { StepTimer } from './step-timer.ts';
import { amqpTracker, type AmqpSignal } from './tracker.ts';

/** A device that asks for more heart-beats gets one so often: they cost us more than it. */
const shortestHeartBeatMs = 100;
/** Of messages that are not finished, on all links: eight messages of any size fit. */
const maxParts = 512;

export interface DeviceOptions {
  readonly maxPayloadBytes: number;
  readonly maxFrameBytes: number;
  readonly idleTimeoutMs: number;
  /** Time that a device has for each step of its own until its connection is open: to say who it is, and to open. */
  readonly openTimeoutMs: number;
  /** Whether every device must say, and prove, who it is. */
  readonly authenticationRequired: boolean;
}

/** A network connection, as the listener hands it on, and rhea's side of it. */
export interface ServedSocket {
  readonly socket: Socket;
  readonly place: SocketPlace;
  readonly connection: rhea.Connection;
}

/** What rhea reports to its container, handed to the connection it concerns. */
export interface DeviceConnection {
  /** The device attached a link to send on. */
  attachedToSend(link: rhea.Receiver): void;
  /** The device settled what it had sent, after it heard the outcome. */
  settled(delivery: rhea.Delivery, link: rhea.Receiver): void;
  /** The device sent a message. */
  message(context: rhea.EventContext): void;
  /** The device sent a Close; `error` where it says that something is wrong. */
  closed(error: AmqpCause | undefined): void;
}

/** Serves one network connection, from its first byte to its last: turns what the guard and rhea see into signals. */
export function serveDevice(
  served: ServedSocket,
  host: AdapterHost,
  options: DeviceOptions,
): DeviceConnection {
  const device = new ServedDevice(served, host, options);
  device.listen();
  return device;
}

/** A device that was let in. */
interface Session {
  readonly connection: OpenConnection<AmqpSignal>;
  readonly uploads: DeviceUploads;
}

/** How far a network connection has come. */
type State =
  /** SASL is not done. */
  | { readonly phase: 'new'; readonly session?: undefined }
  /** SASL is done; the Open of the device is awaited, or is looked at. */
  | { readonly phase: 'logged-in'; readonly who: LoggedIn; readonly session?: undefined }
  /** Its Open was refused: the connection closes. */
  | { readonly phase: 'refused'; readonly session?: undefined }
  /** The device is connected, or was: the tracker knows whether it is still. */
  | { readonly phase: 'open'; readonly session: Session };

class ServedDevice implements DeviceConnection {
  readonly #socket: Socket;
  readonly #connection: rhea.Connection;
  readonly #place: SocketPlace;
  readonly #host: AdapterHost;
  readonly #options: DeviceOptions;
  /** What the device says, in whole frames that it may send: rhea reads from here, and not from the socket. */
  readonly #guarded: GuardedSocket;
  /** The device has so long for its next step: to say who it is, and then to open. While it waits for us, nothing is counted. */
  readonly #stepTimer: StepTimer;
  /** The address is gone once the socket is. */
  readonly #remoteAddress: string | undefined;
  #state: State = { phase: 'new' };
  /** When its last bytes arrived. */
  #heardAt: Instant | undefined;
  /** The device closed its side; what it said before may still wait. */
  #hasHungUp = false;
  /** Sends our Open, once. */
  #sendOpen = (): void => {};
  #endHeartBeats = (): void => {};
  /** How it ends its connection is told before its turn. */
  #isForeseen = false;
  /** What is answered in its turn. */
  #owedAnswer: DisconnectedChange | undefined;
  /** Our last words are said. */
  #isClosing = false;

  constructor({ socket, connection, place }: ServedSocket, host: AdapterHost, options: DeviceOptions) {
    this.#socket = socket;
    this.#connection = connection;
    this.#place = place;
    this.#host = host;
    this.#options = options;
    this.#remoteAddress = peerAddress(socket);
    this.#stepTimer = new StepTimer(socket, host.context.clock, () => this.#tookTooLong());
    onArrival(
      socket,
      (bytes) => {
        this.#heardAt = arrivedAt(socket, host.context.clock);
        this.#report({ type: 'arrived' });
        // What is behind its Open may wait.
        if (this.#state.phase === 'new') return;
        this.#guarded.foresee(bytes);
        this.#tellForeseen();
      },
      () => (this.#hasHungUp = true),
    );
    this.#guarded = new GuardedSocket(socket, this.#guardOptions());
  }

  listen(): void {
    const socket = this.#socket;
    const guarded = this.#guarded;
    this.#hurry();
    socket.on('close', () => this.#stepTimer.stop());
    guarded.on('error', ({ code }: NodeJS.ErrnoException) =>
      this.#report({ type: 'socket-closed', ...(code !== undefined && { text: code }) }),
    );
    guarded.on('end', () => {
      this.#report({ type: 'socket-closed' });
      this.#closeSoon();
    });
    this.#takeOverFromRhea();
  }

  attachedToSend(link: rhea.Receiver): void {
    if (attachedToSend(link, this.#guarded.facts.isTransactional))
      this.#state.session?.uploads.attached(link);
  }

  settled(delivery: rhea.Delivery, link: rhea.Receiver): void {
    // Before the outcome is there, the device settles nothing but its own wait.
    if (!settlesLast(link) || delivery.state === undefined) return;
    forgo(delivery);
    link.add_credit(1);
  }

  message({ message, delivery, receiver }: rhea.EventContext): void {
    if (!message || !delivery || !receiver) return;
    const { hasDescribedBody, isInTransaction, isAborted } = this.#guarded.facts;
    // It was on its way when its link was detached.
    if (!receiver.is_open()) return forgo(delivery);
    if (isAborted) return takenBack(delivery, receiver);
    if (isInTransaction) {
      forgo(delivery);
      return receiver.close(noTransactions);
    }
    const content = readContent(message, hasDescribedBody);
    this.#state.session?.uploads.take({ to: message.to, content, delivery, receiver });
  }

  closed(error: AmqpCause | undefined): void {
    this.#report({ type: 'close', ...(error && { error }) });
    this.#answerForeseen();
  }

  #guardOptions(): GuardedSocketOptions {
    const connection = this.#connection;
    const { maxFrameBytes, maxPayloadBytes: maxMessageBytes } = this.#options;
    return {
      limits: {
        ...{ maxFrameBytes, maxMessageBytes },
        maxUnfinishedBytes: 8 * maxMessageBytes + maxParts * unfinishedPartBytes,
      },
      saslDone: () => saslIsDone(connection),
      mayAskForTransactions: true,
      creditOf: (channel, handle) => creditOfLink(connection, channel, handle),
      onDiscard: (channel, handle, reason) => {
        const link = discardUnfinished(connection, channel, handle);
        if (reason === 'too-large' && link?.is_open()) detachOver(link, maxMessageBytes);
      },
      onFrame: () => this.#report({ type: 'frame' }),
      onHungUp: async () => {
        this.#report({ type: 'socket-closed' });
        // It may still read what became of its messages.
        await this.#state.session?.uploads.allAnswered();
      },
      onViolation: (problem, code) => {
        this.#host.context.log.debug(
          { remoteAddress: this.#remoteAddress, problem },
          'device broke the protocol',
        );
        this.#report({ type: 'protocol-error', code, text: problem });
        this.#answerForeseen();
        // A Close may only follow an Open.
        return this.#state.phase === 'open' ? 'closes' : undefined;
      },
    };
  }

  /**
   * Does three things that rhea would do by itself, in another way. `packages/rhea-internals` replaces functions of this one
   * connection for that: the tracker decides when silence was too long, the kit who may log in, and our Open has to wait for
   * the journal.
   */
  #takeOverFromRhea(): void {
    const connection = this.#connection;
    const { context, access } = this.#host;
    const mechanisms = saslMechanisms(this.#socket, {
      access,
      authenticationRequired: this.#options.authenticationRequired,
      isLost: () => this.#isLost(),
      onAsked: () => {
        this.#stepTimer.stop();
        this.#place.stand('busy');
      },
      onLoggedIn: (who) => {
        this.#state = { phase: 'logged-in', who };
        this.#hurry();
      },
    });
    forgoSilenceTimer(connection);
    serveSasl(connection, this.#guarded, mechanisms, (mistake) => {
      if (mistake) this.#host.access.refused('credentials-missing');
      this.#closeSoon();
    });
    const sendOpen = answerOpenLater(connection, (opened) => {
      this.#guarded.hold();
      this.#answerOpen(opened).then(
        () => this.#resume(),
        (error: unknown) => {
          context.failed('amqp: open', error);
          this.#guarded.drop();
        },
      );
    });
    this.#sendOpen = () => {
      this.#sendOpen = () => {};
      sendOpen();
    };
  }

  #resume(): void {
    this.#guarded.resume();
    // Whatever it says now, it has ended its connection.
    if (this.#owedAnswer) destroyUnlessClosed(this.#socket, this.#host.context.clock);
  }

  #hurry(): void {
    this.#stepTimer.start(this.#options.openTimeoutMs);
  }

  #tookTooLong(): void {
    if (this.#state.phase === 'new') this.#socket.destroy();
    else
      this.#refuse({ code: 'amqp:resource-limit-exceeded', text: 'the connection was not opened in time' });
  }

  async #answerOpen(opened: PeersOpen): Promise<void> {
    this.#stepTimer.stop();
    // A device that was lost meanwhile was never connected.
    if (this.#isLost()) return;
    // The guard lets no device come so far without SASL.
    if (this.#state.phase !== 'logged-in') throw new Error('no device has logged in by SASL');
    const { who } = this.#state;
    if (who.status === 'refused') return this.#refuse(refusalCause(who.refusal));
    const identity = who.status === 'device' ? who.identity : undefined;
    const { containerId, slot } = readOpen(opened);
    const { access } = this.#host;
    // First: for one that is admitted, another session of its device may end.
    if (containerId === undefined) {
      access.refused(
        'identifier-rejected',
        undefined,
        identity && `${identity.authId}@${identity.device.tenant}`,
      );
      return this.#refuse({ code: 'amqp:invalid-field', text: 'container-id is missing or too long' });
    }
    const asked = access.beforeAdmit(identity, slot);
    if (asked) await asked;
    if (asked && this.#isLost()) return;
    const refusal = access.admit(identity, slot);
    if (refusal) return this.#refuse(refusalCause(refusal));
    const connection = this.#open(identity, containerId, slot);
    await connection.committed();
    this.#report({ type: 'answered' });
    const wanted = takeOverHeartBeats(this.#connection);
    this.#sendOpen();
    // A device that hung up may still read it. rhea writes it in this turn, and writes nothing once it has read the end.
    if (this.#hasHungUp) await nextTurn();
    if (!wanted || this.#isClosing) return;
    const intervalMs = Math.max(wanted.withinMs / 2, shortestHeartBeatMs);
    this.#endHeartBeats = sendHeartBeats(this.#socket, this.#host.context.clock, intervalMs, wanted.beat);
  }

  #open(
    identity: AuthenticatedDevice | undefined,
    containerId: string,
    slot: string | undefined,
  ): OpenConnection<AmqpSignal> {
    const { presence } = this.#host;
    const { idleTimeoutMs } = this.#options;
    const life = {
      endCauses,
      onDisconnected: (change: DisconnectedChange) => this.#onDisconnected(change),
    };
    const connection = identity
      ? presence.open(amqpTracker, {
          identity,
          remoteId: containerId === '' ? identity.authId : containerId,
          ...(slot !== undefined && { slot }),
          // The device was told half of what it gets, and must send something that often.
          keepAliveMs: idleTimeoutMs / 2,
          protocol: 'AMQP 1.0',
          ...(this.#remoteAddress !== undefined && { remoteAddress: this.#remoteAddress }),
          ...life,
        })
      : presence.openAnonymous(amqpTracker, life);
    const uploads = new DeviceUploads({ host: this.#host, identity, connection });
    this.#state = { phase: 'open', session: { connection, uploads } };
    this.#place.accepted();
    connection.report({ type: 'accepted', idleTimeoutMs, heardAt: this.#heardAt });
    this.#tellForeseen();
    return connection;
  }

  #report(signal: AmqpSignal | EndedSignal): void {
    this.#state.session?.connection.report(signal);
  }

  /** What the device said behind its Open waits for our answer to that; how it ends its connection counts when it arrives. */
  #tellForeseen(): void {
    const { foreseen } = this.#guarded;
    if (!foreseen) return;
    this.#isForeseen = true;
    if (foreseen.type === 'close') this.#report(foreseen);
    else this.#report({ type: 'protocol-error', code: foreseen.condition, text: foreseen.problem });
    this.#isForeseen = false;
  }

  /** It is the turn of what was foreseen. */
  #answerForeseen(): void {
    const owed = this.#owedAnswer;
    this.#owedAnswer = undefined;
    if (owed) this.#answerEnd(owed);
  }

  /** Whether the device gave up, rather than having said all it had to. */
  #isLost(): boolean {
    return (this.#socket.destroyed || this.#hasHungUp) && !this.#guarded.saidClose;
  }

  #refuse(cause: AmqpCause): void {
    this.#state = { phase: 'refused' };
    this.#close(cause);
  }

  #onDisconnected(change: DisconnectedChange): void {
    if (this.#isForeseen) this.#owedAnswer = change;
    else this.#answerEnd(change);
  }

  #answerEnd(change: DisconnectedChange): void {
    const cause = closeAfter(change);
    if (cause === 'none') return;
    if (cause === 'plain') this.#closeSoon();
    else this.#close(cause);
  }

  /** Tells the device why, and closes once it was read. It may not have been answered yet, and a Close may only follow an Open. */
  #close({ code, text }: AmqpCause): void {
    this.#sendOpen();
    this.#connection.close({ condition: code, description: text });
    this.#closeSoon();
  }

  #closeSoon(): void {
    const socket = this.#socket;
    this.#isClosing = true;
    // Nothing may follow a Close.
    this.#endHeartBeats();
    // What it said last may be read after it has gone.
    if (socket.closed) return;
    destroyUnlessClosed(socket, this.#host.context.clock);
    endOnceWritten(socket);
  }
}
