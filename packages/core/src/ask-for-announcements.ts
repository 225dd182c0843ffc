/**
 * - `asked`: each instance that lives, or comes within the next minutes, announces what it has open, once.
 * - `too-soon`: somebody else asked lately. It can be asked again in `leftMs`.
 */
export type AskedForAnnouncements =
  | { readonly status: 'asked' }
  | { readonly status: 'too-soon'; readonly leftMs: number };

/**
 * Asks the adapters of a fleet to announce what they have open, as for a consumer that begins with nothing. Does not join it. A fleet is
 * asked every five minutes at most, whoever asks. Rejects where the engine does not answer.
 *
 * @param name of who asks, of letters, digits and hyphens: who asks twice under one name, as replicas do, has asked once.
 */
export type AskForAnnouncements = (name: string) => Promise<AskedForAnnouncements>;
