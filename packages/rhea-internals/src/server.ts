// What the end that accepts uses of rhea.
export { acceptSocket } from './accept-socket.ts';
export { answerOpenLater, type PeersOpen } from './answer-open-later.ts';
export { creditOfLink } from './credit-of-link.ts';
export { discardUnfinished } from './discard-unfinished.ts';
export { echoSettleModes } from './echo-settle-modes.ts';
export { endOnceWritten } from './end-once-written.ts';
export { forgoSilenceTimer } from './forgo-silence-timer.ts';
export { keepRawMessages, rawBytesOf } from './raw-messages.ts';
export { forgetSent, sendInAnyOrder } from './send-in-any-order.ts';
export { saslIsDone, type SaslMechanisms, type SaslOutcome, serveSasl } from './serve-sasl.ts';
export { ServedContainer, type ServedBounds } from './served-container.ts';
export { takeOverHeartBeats } from './take-over-heart-beats.ts';
