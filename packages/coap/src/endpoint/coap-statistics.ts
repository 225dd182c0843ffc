/** What an endpoint holds now, and what it has seen since it began. */
export interface CoapStatistics {
  /** Peers that something is known of. */
  readonly peers: number;
  /** Requests that are remembered. */
  readonly exchanges: number;
  /** Of these, those that the handler works on. */
  readonly working: number;
  /** Bytes of answers that are kept for copies. */
  readonly answerBytes: number;
  readonly unacknowledged: number;
  readonly pings: number;
  /** Peers of which it is being found out whether they receive where their datagrams come from. */
  readonly pathProbes: number;
  /** Answers that wait for it. */
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
  /** Responses, acknowledgements and resets that nothing of ours can have caused. */
  readonly unexpected: number;
  /** Requests with a critical option that nobody knows, or that makes no sense. */
  readonly badOptions: number;
  /** Requests that came while there was too much work. */
  readonly refused: number;
  /** Exchanges that were forgotten before their time, for lack of room. */
  readonly evicted: number;
  readonly handlerErrors: number;
  readonly sentAgain: number;
  /** Separate responses that nobody acknowledged. */
  readonly givenUp: number;
}
