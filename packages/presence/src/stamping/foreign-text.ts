import type { ConnectedEvent, RawCause } from '@rollcall/core/events';
import { printable } from '@rollcall/core/text';

/** Of what a peer says about an end: more would fill events, and the network would refuse those. */
const maxCauseLength = 512;

type PeerFacts = Pick<ConnectedEvent, 'remoteId' | 'slot' | 'protocol' | 'remoteAddress'>;

/**
 * What an event says in the words of others, printable. It is made so here, whatever reads the event then: a terminal, a log, a data
 * base that refuses U+0000. Who takes over from whom is decided by what the device really said.
 */
export function printableFacts(facts: PeerFacts, withAddress: boolean): PeerFacts {
  const { remoteId, slot, protocol, remoteAddress } = facts;
  return {
    remoteId: printable(remoteId),
    ...(slot !== undefined && { slot: printable(slot) }),
    protocol: printable(protocol),
    ...(withAddress && remoteAddress !== undefined && { remoteAddress: printable(remoteAddress) }),
  };
}

/** The protocol's own account of an end, printable and not too long. */
export function printableCause({ code, text }: RawCause): RawCause {
  return {
    ...(code !== undefined && { code: typeof code === 'string' ? excerpt(code) : code }),
    ...(text !== undefined && { text: excerpt(text) }),
  };
}

function excerpt(text: string): string {
  return printable(text.slice(0, maxCauseLength));
}
