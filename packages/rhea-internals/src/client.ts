// What the end that dials uses of rhea.
export { boundReader } from './bound-reader.ts';
export { containDialled } from './contain-writes.ts';
export { hearBeforeSilence } from './hear-before-silence.ts';
export { acceptedOutcome, asDelivery, releasedOutcome } from './internals-of.ts';
export type { RawConnection, RawDelivery, RawOutgoing, RawSender, RawSession, RawTransport } from './raw.ts';
export { receiveInAnyOrder } from './receive-in-any-order.ts';
