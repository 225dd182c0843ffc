import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import {
  destroyUnlessClosed,
  peerAddress,
  remoteIpOf,
  type SocketPlace,
} from '@rollcall/adapter-kit/listening';
import { GuardedSocket, type GuardedSocketOptions } from '@rollcall/amqp-frame-guard';
import { later } from '@rollcall/core/environment';
import { forgo, internalsOf, settle } from '@rollcall/rhea-internals';
import {
  creditOfLink,
  echoSettleModes,
  endOnceWritten,
  forgoSilenceTimer,
  saslIsDone,
  serveSasl,
  type SaslOutcome,
} from '@rollcall/rhea-internals/server';
import type rhea from 'rhea';
import type { Identity } from '../auth/identity.ts';
import { readPlain } from '../auth/read-plain.ts';
import { answerMessage } from './answer-message.ts';
import { answerRequest } from './answer-request.ts';
import {
  decideReplyLink,
  decideRequestLink,
  type AttachContext,
  type AttachRefusal,
} from './attach-decisions.ts';
import { readRequest, type ReceivedRequest } from './read-request.ts';
import { ReplyLinks } from './reply-links.ts';
import type { Resource } from '../auth/resource.ts';
import { failure } from './service-answer.ts';
import type { ServiceHost } from './service-host.ts';
import { SilenceWatch } from './silence-watch.ts';

/** Requests that a client may have under way on a link, as in Hono. */
const linkCredit = 100;
/** rhea numbers the deliveries of a connection, and cannot send beyond 2^32. */
const maxAnswers = 2 ** 30;

/** The phase of a connection. */
type State =
  | { readonly phase: 'new' }
  | { readonly phase: 'logged-in'; readonly identity: Identity }
  /** It is closing, or closed. */
  | { readonly phase: 'over' };

/** A network connection of a client of the services, from its first byte to its last. */
export class ServiceConnection {
  readonly #host: ServiceHost;
  readonly #socket: Socket;
  readonly #place: SocketPlace;
  readonly #connection: rhea.Connection;
  /** The client's bytes, in whole frames that it may send: rhea reads from here. */
  readonly #guarded: GuardedSocket;
  readonly #remoteAddress: string | undefined;
  readonly #resources = new WeakMap<rhea.Receiver, Resource>();
  readonly #replyLinks = new ReplyLinks();
  readonly #silence: SilenceWatch;
  #state: State = { phase: 'new' };
  #underWay = 0;
  #answers = 0;
  #disarmOpen = (): void => {};
  #disarmExpiry = (): void => {};

  constructor(socket: Socket, place: SocketPlace, connection: rhea.Connection, host: ServiceHost) {
    this.#host = host;
    this.#socket = socket;
    this.#place = place;
    this.#connection = connection;
    this.#remoteAddress = peerAddress(socket);
    this.#silence = new SilenceWatch(host.clock, host.bounds.idleTimeoutMs, () =>
      this.#end({ condition: 'amqp:resource-limit-exceeded', description: 'local-idle-timeout expired' }),
    );
    this.#guarded = new GuardedSocket(socket, this.#guardOptions());
  }

  listen(): void {
    const { clock, bounds } = this.#host;
    this.#disarmOpen = clock.at(later(clock.monotonic(), bounds.openTimeoutMs), () => this.#socket.destroy());
    this.#socket.once('close', () => this.#gone());
    this.#guarded.on('error', () => this.#closeSoon());
    this.#guarded.on('end', () => this.#closeSoon());
    forgoSilenceTimer(this.#connection);
    serveSasl(this.#connection, this.#guarded, { PLAIN: (response) => this.#logIn(response) }, () =>
      this.#closeSoon(),
    );
  }

  /** The client attached a link to send requests on. */
  attachedToSend(link: rhea.Receiver): void {
    const context = this.#attachContext();
    if (!context) return;
    const raw = internalsOf(link);
    const decision = decideRequestLink(link.target?.address, raw.snd_settle_mode === 1, context);
    if ('refusal' in decision) return refuse(link, decision.refusal);
    echoSettleModes(raw);
    raw.set_target({ address: decision.address });
    this.#resources.set(link, decision.resource);
    link.add_credit(linkCredit);
  }

  /** The client attached a link to receive answers on. */
  attachedToReceive(link: rhea.Sender): void {
    const context = this.#attachContext();
    if (!context) return;
    const { address } = (link.source ?? {}) as { readonly address?: unknown };
    const decision = decideReplyLink(address, (each) => this.#replyLinks.at(each) !== undefined, context);
    if ('refusal' in decision) return refuse(link, decision.refusal);
    const raw = internalsOf(link);
    echoSettleModes(raw);
    // The outcome that a client reports for an answer has no effect here.
    raw.local.attach.rcv_settle_mode = 0;
    raw.set_source({ address: decision.address });
    this.#replyLinks.add(link, decision.resource.endpoint, decision.address);
  }

  /** A link for answers was detached. */
  detached(link: rhea.Sender): void {
    const isForgotten = this.#replyLinks.remove(link);
    if (!isForgotten) this.#end({ condition: 'amqp:connection:forced', description: 'connect again' });
  }

  /** A session ended, and its links with it. */
  sessionEnded(session: rhea.Session): void {
    for (const link of this.#replyLinks.ofSession(session)) this.detached(link);
  }

  /** The client can take more answers. */
  sendable(link: rhea.Sender): void {
    this.#replyLinks.of(link)?.flush();
  }

  /** The client reported the outcome of an answer. */
  settled(link: rhea.Sender, delivery: rhea.Delivery): void {
    this.#replyLinks.of(link)?.settled(delivery);
  }

  /** The client sent a request. */
  message({ message, delivery, receiver }: rhea.EventContext): void {
    if (!message || !delivery || !receiver) return;
    const resource = this.#resources.get(receiver);
    const { hasDescribedBody, isAborted } = this.#guarded.facts;
    // The link was detached or refused while the request was on its way.
    if (!resource || !receiver.is_open() || this.#state.phase !== 'logged-in') return forgo(delivery);
    if (isAborted) {
      forgo(delivery);
      receiver.add_credit(1);
      return;
    }
    const request = readRequest(message, hasDescribedBody);
    if (!request) {
      settle(delivery, {
        kind: 'rejected',
        condition: 'hono:bad-request',
        description: 'malformed request message',
      });
      receiver.add_credit(1);
      return;
    }
    settle(delivery, { kind: 'accepted' });
    this.#answer(request, resource, this.#state.identity)
      .catch((error: unknown) => this.#host.failed('amqp: answer', error))
      .finally(() => {
        if (receiver.is_open()) receiver.add_credit(1);
      });
  }

  /** The client closed the connection. */
  closed(): void {
    this.#closeSoon();
  }

  /** The services stop. */
  stop(): void {
    this.#end({ condition: 'amqp:connection:forced', description: 'the registry stops' });
  }

  async #answer(request: ReceivedRequest, resource: Resource, identity: Identity): Promise<void> {
    const { services, failed, answered, bounds, log } = this.#host;
    const { endpoint } = resource;
    const service = services[endpoint];
    // An answer goes only to this client, and to a link for answers of this service.
    if (!service || this.#replyLinks.at(request.replyTo)?.endpoint !== endpoint)
      return log.debug({ remoteAddress: this.#remoteAddress }, 'a request has no link for its answer');
    const isTooMuch = this.#underWay >= bounds.maxUnderWay;
    this.#underWay += 1;
    const answer = isTooMuch
      ? failure(503, 'too many requests at a time')
      : await answerRequest(service, resource, request, identity, failed);
    this.#underWay -= 1;
    answered(endpoint, answer.status);
    const message = answerMessage(answer, { endpoint, request, messageId: randomUUID() });
    const isSent = this.#replyLinks.at(request.replyTo)?.link.send(message) ?? false;
    if (!isSent)
      log.debug({ remoteAddress: this.#remoteAddress }, 'the client gives no credit for an answer');
    this.#answers += 1;
    if (this.#answers === maxAnswers)
      this.#end({ condition: 'amqp:connection:forced', description: 'connect again' });
  }

  async #logIn(response: Uint8Array | undefined): Promise<SaslOutcome> {
    const { logins, log, clock, admit } = this.#host;
    const presented = readPlain(response);
    if (!presented) return 'auth';
    this.#place.stand('busy');
    const outcome = await logins.logIn(presented, remoteIpOf(this.#socket));
    if (outcome.status !== 'accepted') {
      const { username } = presented;
      log.debug({ remoteAddress: this.#remoteAddress, username, ...outcome }, 'login failed');
      return outcome.status === 'wrong' ? 'auth' : 'sys-temp';
    }
    if (this.#socket.destroyed || this.#state.phase !== 'new' || !admit()) return 'sys-temp';
    const { identity } = outcome;
    this.#state = { phase: 'logged-in', identity };
    this.#place.accepted();
    this.#disarmOpen();
    const { expiresAt } = identity;
    if (expiresAt !== undefined)
      this.#disarmExpiry = clock.at(later(clock.monotonic(), Math.max(0, expiresAt - clock.now())), () =>
        this.#end({ condition: 'amqp:unauthorized-access', description: 'access token expired' }),
      );
    return 'ok';
  }

  #attachContext(): AttachContext | undefined {
    if (this.#state.phase !== 'logged-in') return undefined;
    const { services } = this.#host;
    return { rights: this.#state.identity.rights, has: (endpoint) => Object.hasOwn(services, endpoint) };
  }

  #guardOptions(): GuardedSocketOptions {
    const connection = this.#connection;
    const { maxFrameBytes, maxMessageBytes, maxSessions, maxLinks } = this.#host.bounds;
    return {
      limits: {
        ...{ maxFrameBytes, maxMessageBytes, maxSessions, maxLinks },
        maxUnfinishedBytes: 8 * maxMessageBytes,
      },
      saslDone: () => saslIsDone(connection),
      creditOf: (channel, handle) => creditOfLink(connection, channel, handle),
      onFrame: () => this.#silence.heard(),
      onViolation: (problem, condition) => {
        const facts = { remoteAddress: this.#remoteAddress, problem };
        this.#host.log.debug(facts, 'a client of the services broke the protocol');
        // A Close may only follow an Open.
        if (this.#state.phase !== 'logged-in' || !this.#connection.is_open()) return undefined;
        this.#end({ condition, description: problem });
        return 'closes';
      },
    };
  }

  /** Sends a close with the reason, and closes the socket once it was read. */
  #end(why: AttachRefusal): void {
    if (this.#connection.is_open()) this.#connection.close(why);
    this.#closeSoon();
  }

  #closeSoon(): void {
    const socket = this.#socket;
    if (socket.closed) return;
    destroyUnlessClosed(socket, this.#host.clock);
    endOnceWritten(socket);
  }

  #gone(): void {
    const wasAdmitted = this.#state.phase === 'logged-in';
    this.#state = { phase: 'over' };
    this.#disarmOpen();
    this.#disarmExpiry();
    this.#silence.stop();
    this.#replyLinks.clear();
    if (wasAdmitted) this.#host.left();
  }
}

/** A refused link is answered without a terminus, and then detached (AMQP 1.0 §2.6.3). */
function refuse(link: rhea.Receiver | rhea.Sender, refusal: AttachRefusal): void {
  echoSettleModes(internalsOf(link));
  link.close(refusal);
}
