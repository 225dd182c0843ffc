import type { Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import {
  addressBlocks,
  createFairQueue,
  createOrderedSet,
  createPlaces,
  later,
  type Instant,
} from '@rollcall/core';
import { containServer } from '@rollcall/containment';
import type { PemPair } from '@rollcall/file-follower';
import type { HostContext } from '../protocol-adapter.ts';
import type { TlsListener } from './listener-options.ts';
import { remoteIpOf } from '../peers/peer-address.ts';
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

/** Turns network connections into TLS ones. */
export interface TlsHandshakes {
  /** `secured` hears of the end, where it is a good one; else the socket is destroyed. */
  begin(socket: Socket, secured: (secure: TLSSocket) => void): void;
  /** Handshakes that begin from now on show this certificate. */
  use(pair: PemPair): void;
}

interface Handshake {
  readonly socket: Socket;
  readonly remoteIp: string;
  /** The address block by which it waits for its turn. */
  readonly block: string;
  /** Both ends of the connection: what the handshake ends with is another socket. */
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
 * Nothing is made for a peer before its first byte. Where as many handshakes are under way as there may be, a peer of another
 * block of addresses than the one with most of them gets the place of that block's oldest; a peer of this very block waits until
 * one is over, or has taken too long: a burst behind one NAT is served in turn, instead of ending itself. Those that wait have
 * turns by address.
 */
export function createTlsHandshakes(options: TlsHandshakesOptions): TlsHandshakes {
  const { timeoutMs, context } = options;
  const { clock, log } = context;
  const places = createPlaces<Handshake>({ max: options.max, wholeToOne: true, sameBlock: 'newcomer' });
  const running = createOrderedSet<Handshake>();
  const waiting = createFairQueue<Handshake>();
  /** Those that are under way. */
  const byEnds = new Map<string, Handshake>();
  let disarmPatience: (() => void) | undefined;
  let again: NodeJS.Immediate | undefined;

  const server = createTlsServer(tlsServerOptions(options.listener, timeoutMs), (secure) => {
    const handshake = byEnds.get(endsOf(secure));
    if (!handshake) {
      secure.destroy();
      return;
    }
    over(handshake);
    handshake.secured(secure);
  });
  containServer(server, options.scheme, context.failed);
  server.on('tlsClientError', (error, socket) => {
    log.debug({ cause: error.message }, 'TLS handshake failed');
    // Node reports a handshake time-out here but does not close the socket.
    socket.destroy();
  });

  function arm(handshake: Handshake): void {
    handshake.disarm();
    handshake.disarm = clock.at(later(clock.monotonic(), timeoutMs), () => handshake.socket.destroy());
  }

  /** The result says whether it need not wait. */
  function start(handshake: Handshake): boolean {
    if (handshake.socket.destroyed) return true;
    const loser = places.take(handshake, handshake.remoteIp);
    if (loser === handshake) return false;
    if (loser) giveUp(loser);
    running.add(handshake);
    byEnds.set(handshake.ends, handshake);
    handshake.startedAt = clock.monotonic();
    arm(handshake);
    // From here on TLS reads.
    handshake.socket.removeAllListeners('readable');
    server.emit('connection', handshake.socket);
    return true;
  }

  function giveUp(handshake: Handshake): void {
    context.turnedAway('handshake', handshake.remoteIp);
    forget(handshake);
    handshake.socket.destroy();
  }

  function forget(handshake: Handshake): void {
    handshake.disarm();
    waiting.remove(handshake.block, handshake);
    running.delete(handshake);
    if (byEnds.get(handshake.ends) === handshake) byEnds.delete(handshake.ends);
    places.free(handshake);
  }

  function over(handshake: Handshake): void {
    forget(handshake);
    serveWaiting();
  }

  function serveWaiting(): void {
    let started = 0;
    for (let next = waiting.first(); next; next = waiting.first()) {
      if (started === startsPerTurn) {
        again ??= setImmediate(() => {
          again = undefined;
          serveWaiting();
        });
        return;
      }
      started += 1;
      if (!start(next)) {
        watchPatience();
        return;
      }
      waiting.shift();
    }
    disarmPatience?.();
    disarmPatience = undefined;
  }

  /** Wakes when the handshake that has run longest took too long for those that wait. */
  function watchPatience(): void {
    const oldest = running.oldest();
    if (disarmPatience || !oldest) return;
    disarmPatience = clock.at(later(oldest.startedAt, patienceMs), () => {
      disarmPatience = undefined;
      const late = running.oldest();
      if (late && clock.monotonic() >= later(late.startedAt, patienceMs)) giveUp(late);
      serveWaiting();
    });
  }

  return {
    use: ({ key, cert }) =>
      server.setSecureContext(tlsServerOptions({ ...options.listener, key, cert }, timeoutMs)),
    begin(socket, secured) {
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
      arm(handshake);
      // TLS tells of what goes wrong later.
      socket.on('error', (error) => log.debug({ cause: error.message }, 'TLS handshake failed'));
      socket.once('close', () => over(handshake));
      let arrived = 0;
      socket.on('readable', () => {
        const { readableLength } = socket;
        // It tells of the end too: the peer closed its side.
        if (readableLength === arrived || readableLength > maxFirstBytes) {
          socket.destroy();
          return;
        }
        const isFirst = arrived === 0;
        arrived = readableLength;
        if (!isFirst) return;
        arm(handshake);
        if (!start(handshake)) waiting.push(handshake.block, handshake);
        if (waiting.size > 0) serveWaiting();
      });
    },
  };
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
