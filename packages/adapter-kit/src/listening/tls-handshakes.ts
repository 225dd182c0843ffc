import { afterReading } from '../arrival/after-reading.ts';
import type { Socket } from 'node:net';
import { createServer as createTlsServer, type Server, type TLSSocket } from 'node:tls';
import type { Instant } from '@rollcall/core';
import { later } from '@rollcall/core/environment';
import { addressBlocks, createFairQueue, createOrderedSet, createPlaces } from '@rollcall/core/sharing';
import { containServer } from '@rollcall/containment';
import type { PemPair } from '@rollcall/file-follower/pem';
import type { HostContext } from '../protocol-adapter.ts';
import type { TlsListener } from './listener-options.ts';
import { remoteIpOf } from '../peers/peer-address.ts';
import { endsOf } from './ends-of.ts';
import { tlsServerOptions } from './tls-server-options.ts';

export interface TlsHandshakesOptions {
  readonly listener: TlsListener;
  /** Time until the first byte, time until there is a place, and time that the handshake may take. */
  readonly timeoutMs: number;
  /** Handshakes under way at a time: each takes some 75 kB outside the heap, which the process keeps for the next ones. */
  readonly max: number;
  /** E.g. `mqtts`. */
  readonly scheme: string;
  readonly context: Pick<HostContext, 'clock' | 'log' | 'failed' | 'turnedAway'>;
}

interface Handshake {
  readonly socket: Socket;
  readonly remoteIp: string;
  /** The address block by which it waits for its turn. */
  readonly block: string;
  /** Both ends of the connection. */
  readonly ends: string;
  readonly secured: (secure: TLSSocket) => void;
  startedAt: Instant;
  disarm: () => void;
}

/** A handshake that took so long gives way to one that waits. */
const patienceMs = 1_000;
/** A ClientHello is a tenth of it; no more is sent before the server has answered. */
const maxFirstBytes = 16_384;
/** Handshakes that begin in one turn of the event loop: each signs something. */
const startsPerTurn = 16;

/**
 * Turns network connections into TLS ones.
 *
 * Nothing is made for a peer before its first byte. Where as many handshakes are under way as there may be, a peer of another
 * block of addresses than the one with most of them gets the place of that block's oldest; a peer of this very block waits until
 * one is over, or has taken too long: a burst behind one NAT is served in turn, instead of ending itself. Those that wait have
 * turns by address.
 */
export class TlsHandshakes {
  readonly #options: TlsHandshakesOptions;
  readonly #server: Server;
  readonly #places;
  readonly #running = createOrderedSet<Handshake>();
  readonly #waiting = createFairQueue<Handshake>();
  /** Those that are under way. */
  readonly #byEnds = new Map<string, Handshake>();
  /** Armed while a handshake waits for the end of another. */
  #disarmPatience: (() => void) | undefined;
  /** Set while more handshakes begin in the next turn of the event loop. */
  #nextTurn: NodeJS.Immediate | undefined;

  constructor(options: TlsHandshakesOptions) {
    this.#options = options;
    this.#places = createPlaces<Handshake>({ max: options.max, wholeToOne: true, sameBlock: 'newcomer' });
    this.#server = this.#createServer();
  }

  /** Handshakes that begin from now on show this certificate. */
  use({ key, cert }: PemPair): void {
    const { listener, timeoutMs } = this.#options;
    this.#server.setSecureContext(tlsServerOptions({ ...listener, key, cert }, timeoutMs));
  }

  /** `secured` is called when the handshake succeeded; otherwise the socket is destroyed. */
  begin(socket: Socket, secured: (secure: TLSSocket) => void): void {
    const { clock, log } = this.#options.context;
    const remoteIp = remoteIpOf(socket);
    const handshake: Handshake = {
      socket,
      remoteIp,
      block: addressBlocks(remoteIp).near,
      ends: endsOf(socket),
      secured,
      startedAt: clock.monotonic(),
      disarm: () => {},
    };
    this.#arm(handshake);
    // TLS reports what goes wrong later.
    socket.on('error', (error) => log.debug({ cause: error.message }, 'TLS handshake failed'));
    socket.once('close', () => this.#over(handshake));
    onFirstBytes(socket, () => {
      this.#arm(handshake);
      if (!this.#start(handshake)) this.#waiting.push(handshake.block, handshake);
      if (this.#waiting.size > 0) this.#serveWaiting();
    });
  }

  #createServer(): Server {
    const { listener, timeoutMs, scheme, context } = this.#options;
    const server = createTlsServer(tlsServerOptions(listener, timeoutMs), (secure) => {
      const handshake = this.#byEnds.get(endsOf(secure));
      if (!handshake) {
        secure.destroy();
        return;
      }
      this.#over(handshake);
      handshake.secured(secure);
    });
    containServer(server, scheme, context.failed);
    server.on('tlsClientError', (error, socket) => {
      context.log.debug({ cause: error.message }, 'TLS handshake failed');
      // Node reports a handshake time-out here but does not close the socket.
      socket.destroy();
    });
    return server;
  }

  #arm(handshake: Handshake): void {
    const { timeoutMs, context } = this.#options;
    handshake.disarm();
    handshake.disarm = afterReading(context.clock, timeoutMs, () => handshake.socket.destroy());
  }

  /** The result says whether it may begin at once. */
  #start(handshake: Handshake): boolean {
    if (handshake.socket.destroyed) return true;
    const loser = this.#places.take(handshake, handshake.remoteIp);
    if (loser === handshake) return false;
    if (loser) this.#giveUp(loser);
    this.#running.add(handshake);
    this.#byEnds.set(handshake.ends, handshake);
    handshake.startedAt = this.#options.context.clock.monotonic();
    this.#arm(handshake);
    // From here on TLS reads.
    handshake.socket.removeAllListeners('readable');
    this.#server.emit('connection', handshake.socket);
    return true;
  }

  #giveUp(handshake: Handshake): void {
    this.#options.context.turnedAway('handshake', handshake.remoteIp);
    this.#forget(handshake);
    handshake.socket.destroy();
  }

  #forget(handshake: Handshake): void {
    handshake.disarm();
    this.#waiting.remove(handshake.block, handshake);
    this.#running.delete(handshake);
    if (this.#byEnds.get(handshake.ends) === handshake) this.#byEnds.delete(handshake.ends);
    this.#places.free(handshake);
  }

  #over(handshake: Handshake): void {
    this.#forget(handshake);
    this.#serveWaiting();
  }

  #serveWaiting(): void {
    let started = 0;
    for (let next = this.#waiting.first(); next; next = this.#waiting.first()) {
      if (started === startsPerTurn) {
        this.#serveInNextTurn();
        return;
      }
      started += 1;
      if (!this.#start(next)) {
        this.#watchPatience();
        return;
      }
      this.#waiting.shift();
    }
    this.#disarmPatience?.();
    this.#disarmPatience = undefined;
  }

  #serveInNextTurn(): void {
    if (this.#nextTurn) return;
    this.#nextTurn = setImmediate(() => {
      this.#nextTurn = undefined;
      this.#serveWaiting();
    });
  }

  /** Wakes when the handshake that has run longest took too long for those that wait. */
  #watchPatience(): void {
    const { clock } = this.#options.context;
    const oldest = this.#running.oldest();
    if (this.#disarmPatience || !oldest) return;
    this.#disarmPatience = clock.at(later(oldest.startedAt, patienceMs), () => {
      this.#disarmPatience = undefined;
      const late = this.#running.oldest();
      if (late && clock.monotonic() >= later(late.startedAt, patienceMs)) this.#giveUp(late);
      this.#serveWaiting();
    });
  }
}

/** Calls `arrived` once, when the peer's first bytes are there to be read. A peer that goes on before it was answered is cut off. */
function onFirstBytes(socket: Socket, arrived: () => void): void {
  let seenBytes = 0;
  socket.on('readable', () => {
    const { readableLength } = socket;
    // The event comes at the end too: the peer closed its side.
    if (readableLength === seenBytes || readableLength > maxFirstBytes) {
      socket.destroy();
      return;
    }
    const isFirst = seenBytes === 0;
    seenBytes = readableLength;
    if (isFirst) arrived();
  });
}
