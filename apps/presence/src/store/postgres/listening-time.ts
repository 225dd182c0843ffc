import type { Clock } from '@rollcall/core/environment';
import type { Client } from '@rollcall/postgres';

/** A time without any replica that receives events is left out if it is at least this long: others tell only once a second that they do. */
export const minGapMs = 5_000;

type Asked = Pick<Client, 'query'>;

/**
 * The time by which adapters become silent: it does not pass while no replica receives events. The database knows until when one of them
 * did (`followed`). The first that receives events again shifts the times of adapters by the time since then.
 */
export class ListeningTime {
  readonly #clock: Pick<Clock, 'now'>;
  #isAttached = true;
  #isReached = true;
  #isListening = true;
  #resumedAtMs: number | undefined;
  /** Until when this replica received events before. */
  #untilMs = 0;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  attached(isAttached: boolean): void {
    this.#isAttached = isAttached;
    this.#turn();
  }

  /** Whether the database was reached. While it is away, no replica can tell the others that it receives events. */
  reached(isReached: boolean): void {
    this.#isReached = isReached;
    this.#turn();
  }

  /** When this replica began to receive events again, until the database knows it. */
  get resumedAtMs(): number | undefined {
    return this.#resumedAtMs;
  }

  /**
   * Leaves out the time since a replica last received events, if this one receives them again. Only within a write; `followed` is called
   * after its commit.
   *
   * @param receivedAtMs when it writes events: it received them, even if it receives no others now.
   * @returns the time by which connections are judged.
   */
  async follow(client: Client, receivedAtMs?: number): Promise<number> {
    const atMs = this.#isListening ? this.#resumedAtMs : receivedAtMs;
    if (atMs !== undefined) await this.leaveOutUntil(client, atMs);
    return this.#isListening ? this.#clock.now() : this.#ofAll(client);
  }

  followed(resumedAtMs: number | undefined): void {
    if (this.#resumedAtMs === resumedAtMs) this.#resumedAtMs = undefined;
  }

  /** Shifts the times of adapters by the time until then in which no replica received events. */
  async leaveOutUntil(client: Client, atMs: number): Promise<void> {
    const gapMs = atMs - (await this.#knownUntil(client));
    if (gapMs >= minGapMs)
      await client.query(
        'UPDATE adapters SET last_heard = last_heard + $1, last_announcement = last_announcement + $1',
        [gapMs],
      );
    await noteFollowed(client, atMs);
  }

  /** The time by which connections are judged. */
  async now(client: Asked): Promise<number> {
    const isKnown = this.#isListening && this.#resumedAtMs === undefined;
    return isKnown ? this.#clock.now() : this.#ofAll(client);
  }

  /** Tells the other replicas that this one receives events. */
  async note(client: Asked): Promise<void> {
    if (this.#isListening) await noteFollowed(client, this.#clock.now());
  }

  #turn(): void {
    const isListening = this.#isAttached && this.#isReached;
    if (isListening === this.#isListening) return;
    this.#isListening = isListening;
    const now = this.#clock.now();
    if (isListening) this.#resumedAtMs = now;
    // What the database never knew to have begun does not count.
    else if (this.#resumedAtMs === undefined) this.#untilMs = now;
    else this.#resumedAtMs = undefined;
  }

  async #ofAll(client: Asked): Promise<number> {
    return Math.min(this.#clock.now(), await this.#knownUntil(client));
  }

  async #knownUntil(client: Asked): Promise<number> {
    const { rows } = await client.query<{ readonly value: string }>(
      "SELECT value FROM meta WHERE name = 'followed'",
    );
    return Math.max(Number(rows[0]?.value ?? 0), this.#untilMs);
  }
}

/** Clocks of replicas differ: the greatest time counts. */
async function noteFollowed(client: Asked, atMs: number): Promise<void> {
  await client.query(
    `INSERT INTO meta VALUES ('followed', $1) ON CONFLICT (name) DO UPDATE
       SET value = greatest(meta.value::bigint, excluded.value::bigint)::text`,
    [String(atMs)],
  );
}
