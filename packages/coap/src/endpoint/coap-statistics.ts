/** What an endpoint holds now, and what it has seen since it began. */
export interface CoapStatistics {
  /** Peers whose state is kept. */
  readonly peers: number;
  /** Requests that are remembered. */
  readonly exchanges: number;
  /** Of these, those that the handler works on. */
  readonly working: number;
  /** Bytes of answers that are kept for copies. */
  readonly answerBytes: number;
  readonly unacknowledged: number;
  readonly pings: number;
  /** Peers whose path is being probed. */
  readonly pathProbes: number;
  /** Answers that wait for the outcome of a probe. */
  readonly held: number;
  readonly uploads: number;
  readonly uploadBytes: number;
  readonly downloads: number;
  readonly downloadBytes: number;

  /** Datagrams. */
  readonly received: number;
  /** Requests, without copies of them. */
  readonly requests: number;
  readonly duplicates: number;
  readonly formatErrors: number;
  /** Responses, acknowledgements and resets that answer nothing this endpoint sent. */
  readonly unexpected: number;
  /** Requests with a critical option that is unknown, or has no valid form. */
  readonly badOptions: number;
  /** Requests that came while there was too much work. */
  readonly refused: number;
  /** Exchanges that were forgotten before their time, for lack of room. */
  readonly evicted: number;
  readonly handlerErrors: number;
  readonly sentAgain: number;
  /** Separate responses that were not acknowledged. */
  readonly givenUp: number;
}
