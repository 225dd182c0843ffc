import { coapCode } from '@rollcall/coap';
import { decodeMessage } from '@rollcall/coap/codec';
import type { Association, Peer } from '@rollcall/dtls';

/** Watches every datagram of a server, and reports where the rule of RFC 9146 §6 was broken. */
export interface AddressJudge {
  /** What was wrong, in words. */
  readonly broken: readonly string[];
  /** Where answers went, in their order. */
  readonly answersTo: readonly string[];
  arrived(datagram: Buffer, from: Peer): void;
  sent(datagram: Buffer, to: Peer): void;
  /** Takes the content of an authentic record. */
  heard(plaintext: Uint8Array, from: Peer): void;
  /** The association, watched so that probes and answers are told apart; the same object for the same association. */
  watched(association: Association<string>): Association<string>;
}

export function nameOf({ address, port }: Peer): string {
  return `${address}:${port}`;
}

/** @param home where the handshake is made. */
export function createAddressJudge(home: Peer): AddressJudge {
  /** Addresses that proved that they receive: by a handshake, or by the answer to a probe that went there. */
  const proved = new Set([nameOf(home)]);
  const probedIds = new Map<string, Set<number>>();
  const traffic = new Map<string, { to: number; from: number }>();
  const watched = new Map<unknown, Association<string>>();
  const broken: string[] = [];
  const answersTo: string[] = [];
  let isProbe = false;

  function trafficOf(peer: Peer): { to: number; from: number } {
    const known = traffic.get(nameOf(peer)) ?? { to: 0, from: 0 };
    traffic.set(nameOf(peer), known);
    return known;
  }

  function emptyIdOf(plaintext: Uint8Array): number | undefined {
    const message = decodeMessage(plaintext);
    return 'problem' in message || message.code !== coapCode.empty ? undefined : message.id;
  }

  function probe(association: Association<string>, candidate: Peer, plaintext: Uint8Array): boolean {
    const id = emptyIdOf(plaintext);
    if (id === undefined) broken.push('a probe that is none');
    else probedIds.set(nameOf(candidate), (probedIds.get(nameOf(candidate)) ?? new Set()).add(id));
    isProbe = true;
    try {
      return association.sendToCandidate(candidate, plaintext);
    } finally {
      isProbe = false;
    }
  }

  return {
    broken,
    answersTo,
    arrived: (datagram, from) => void (trafficOf(from).from += datagram.length),
    sent(datagram, peer) {
      const name = nameOf(peer);
      trafficOf(peer).to += datagram.length;
      if (!isProbe) answersTo.push(name);
      if (proved.has(name)) return;
      if (!isProbe) broken.push(`an answer to ${name}`);
      const { to, from } = trafficOf(peer);
      if (to > 3 * from) broken.push(`${to} bytes to ${name} for ${from}`);
    },
    heard(plaintext, from) {
      const id = emptyIdOf(plaintext);
      if (id !== undefined && probedIds.get(nameOf(from))?.has(id)) proved.add(nameOf(from));
    },
    watched(association) {
      const known = watched.get(association);
      if (known) return known;
      const made = new Proxy(association, {
        get(target, name) {
          if (name === 'sendToCandidate')
            return (candidate: Peer, plaintext: Uint8Array) => probe(target, candidate, plaintext);
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      watched.set(association, made);
      return made;
    },
  };
}
