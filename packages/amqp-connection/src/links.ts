// Links for sending and receiving.
export type { ReceivedDelivery, ReceiverLink, ReceiverOptions, Settlement } from './receiver-options.ts';
export type { SendOutcome } from './send-outcome.ts';
export type { SenderLink, SenderOptions, SendOptions } from './sender-options.ts';
export type { TerminusOptions } from './terminus-options.ts';
