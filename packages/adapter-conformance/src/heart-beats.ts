/** What the adapter sends by itself to each device that has logged in, so that the device, or the network between, keeps the connection. */
export interface HeartBeats {
  /** From the login to the first one, and from each to the next. Shorter than `silenceMs`. */
  readonly intervalMs: number;
  /**
   * How many heart-beats are in it.
   *
   * @param heard all that the adapter sent on one network connection so far.
   */
  countIn(heard: Uint8Array): number;
  /** A login that asks for them, where `bytes.login` does not. */
  readonly login?: Uint8Array;
}
