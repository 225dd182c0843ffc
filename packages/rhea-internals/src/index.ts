export { acceptSocket } from './accept-socket.ts';
export { answerOpenLater, type PeersOpen } from './answer-open-later.ts';
export { boundReader } from './bound-reader.ts';
export { checkRhea } from './check-rhea.ts';
export { containDialled, containWrites } from './contain-writes.ts';
export { creditOfLink } from './credit-of-link.ts';
export { discardUnfinished } from './discard-unfinished.ts';
export { forgoSilenceTimer } from './forgo-silence-timer.ts';
export { hearBeforeSilence } from './hear-before-silence.ts';
export {
  acceptedOutcome,
  asDelivery,
  internalsOf,
  receivedInternalsOf,
  releasedOutcome,
  sentInternalsOf,
} from './internals-of.ts';
export type {
  RawConnection,
  RawDelivery,
  RawLink,
  RawOutgoing,
  RawSender,
  RawSession,
  RawTransport,
} from './raw.ts';
export { keepRawMessages, rawBytesOf } from './raw-messages.ts';
export { receiveInAnyOrder } from './receive-in-any-order.ts';
export { sendInAnyOrder } from './send-in-any-order.ts';
export { saslIsDone, serveSasl, type SaslMechanisms, type SaslOutcome } from './serve-sasl.ts';
export { forgo, settle, type Verdict } from './settle.ts';
export { silence } from './silence.ts';
