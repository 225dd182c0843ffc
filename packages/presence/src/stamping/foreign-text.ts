import type { ConnectedEvent, RawCause } from '@rollcall/core/events';
import { printable } from '@rollcall/core/text';

/** The longest account of a peer about an end: longer ones would make events that the network refuses. */
const maxCauseLength = 512;

type PeerFacts = Pick<ConnectedEvent, 'remoteId' | 'slot' | 'protocol' | 'remoteAddress'>;

/**
 * Texts of peers in an event, made printable. That is done here, for every reader of the event: a terminal, a log, a data
 * base that refuses U+0000. A take-over is decided by the original text of the device.
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

/** As much of its beginning as is not too long once it is printable: an escape is longer than what it stands for. */
function excerpt(text: string): string {
  let whole = printable(text.slice(0, maxCauseLength));
  if (whole.length <= maxCauseLength) return whole;
  whole = '';
  for (const character of text) {
    const piece = printable(character);
    if (whole.length + piece.length > maxCauseLength) break;
    whole += piece;
  }
  return whole;
}
