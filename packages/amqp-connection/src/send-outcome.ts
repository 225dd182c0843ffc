/** The result of sending a message. Only `accepted` means that the peer has it. */
export type SendOutcome =
  | { readonly status: 'accepted' }
  | { readonly status: 'rejected'; readonly condition?: string; readonly description?: string }
  | { readonly status: 'released' }
  | { readonly status: 'modified'; readonly undeliverableHere: boolean }
  /** The peer reported an outcome without settling the message, although none of our links asks for that. */
  | { readonly status: 'unsettled'; readonly outcome: 'accepted' | 'rejected' | 'released' | 'modified' }
  /** The peer settled the message without an outcome. */
  | { readonly status: 'settled-without-outcome' }
  /** The peer gave no credit in time, or too many messages wait already: this one was not sent. */
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
  /** The peer did not answer: it may accept senders as soon as it does. */
  readonly unanswered?: true;
}
