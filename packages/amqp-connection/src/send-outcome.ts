/** What became of a message. Only `accepted` means that the peer has it. */
export type SendOutcome =
  | { readonly status: 'accepted' }
  | { readonly status: 'rejected'; readonly condition?: string; readonly description?: string }
  | { readonly status: 'released' }
  | { readonly status: 'modified'; readonly undeliverableHere: boolean }
  /** The peer said what it makes of the message, and did not settle it, though no link of ours asks for that. */
  | { readonly status: 'unsettled'; readonly outcome: 'accepted' | 'rejected' | 'released' | 'modified' }
  /** The peer settled the message and did not say what became of it. */
  | { readonly status: 'settled-without-outcome' }
  /** The peer let nothing through in time, or too many messages wait already: this one was not sent. */
  | { readonly status: 'no-credit' }
  /** The message was sent, and no outcome came in time: it may have arrived. */
  | { readonly status: 'timeout' }
  /** No connection, or it was lost before the outcome was known: the message may have arrived. */
  | { readonly status: 'disconnected' }
  | AttachRefused
  /** The caller no longer waits: the message may have arrived. */
  | { readonly status: 'aborted' };

/** The peer does not let us send to the address, or did not answer the attach. */
export interface AttachRefused {
  readonly status: 'attach-refused';
  readonly condition?: string;
  readonly description?: string;
  /** It did not answer: it may let senders through as soon as it does. */
  readonly unanswered?: true;
}
