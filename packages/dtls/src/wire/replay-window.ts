const windowRecords = 64;

/**
 * Remembers which of the last 64 sequence numbers came (RFC 6347 §4.1.2.6). A class with plain numbers in it: every association has
 * one for as long as it lives.
 */
export class ReplayWindow {
  /** The newest sequence number. Bit 0 of `#near` stands for it, bit 31 of `#far` for the oldest one that is remembered. */
  #newest = -1;
  #near = 0;
  #far = 0;

  isFresh(sequence: number): boolean {
    const age = this.#newest - sequence;
    if (age < 0) return true;
    if (age >= windowRecords) return false;
    return (age < 32 ? (this.#near >>> age) & 1 : (this.#far >>> (age - 32)) & 1) === 0;
  }

  /** Only for records that proved authentic. Returns whether it is the newest. */
  accept(sequence: number): boolean {
    const ahead = sequence - this.#newest;
    if (ahead <= 0) {
      if (-ahead < 32) this.#near |= 1 << -ahead;
      else this.#far |= 1 << (-ahead - 32);
      return false;
    }
    if (ahead >= windowRecords) this.#far = 0;
    else if (ahead >= 32) this.#far = this.#near << (ahead - 32);
    else this.#far = (this.#far << ahead) | (this.#near >>> (32 - ahead));
    this.#near = ahead < 32 ? (this.#near << ahead) | 1 : 1;
    this.#newest = sequence;
    return true;
  }
}
