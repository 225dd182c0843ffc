// What both ends of an AMQP connection use of rhea. One end alone: client.ts, server.ts.
export { boundDispositions } from './bound-dispositions.ts';
export { checkRhea } from './check-rhea.ts';
export { containWrites } from './contain-writes.ts';
export { internalsOf, receivedInternalsOf, sentInternalsOf } from './internals-of.ts';
export { forgo, forgoAll, settle, type Verdict } from './settle.ts';
export { silence } from './silence.ts';
