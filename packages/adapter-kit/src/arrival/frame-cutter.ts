import type { FrameFormat } from './frame-format.ts';

/** A frame; or `too-long`, after which the stream gives nothing more. */
export type Cut = { readonly type: 'frame'; readonly bytes: Uint8Array } | { readonly type: 'too-long' };

/**
 * Cuts bytes into frames as they arrive, in whatever pieces. Of a frame that is not whole it holds `maxHeldBytes`; in a
 * long one that arrives byte by byte, each byte is looked at and copied a bounded number of times.
 */
export class FrameCutter {
  readonly #format: FrameFormat;
  /** Room for what is not whole yet, `#length` bytes of it used. */
  #held: Uint8Array = new Uint8Array();
  #length = 0;
  /** Of what is held, how much was searched in vain. */
  #searched = 0;
  /** Before there is so much of the frame, it is not whole. */
  #wholeAt = 0;
  #over = false;

  constructor(format: FrameFormat) {
    this.#format = format;
  }

  /**
   * Takes what arrived, and gives the frames that are complete now, in order. Frames that you do not take are lost: go through
   * all of it before the next call, unless the stream is given up.
   *
   * @yields views of the bytes: copy what you keep for long, since a small frame may hold on to a large chunk.
   */
  *cut(arrived: Uint8Array): Generator<Cut, void, undefined> {
    if (this.#over) return;
    let rest = this.#after(arrived);
    if (rest.length < this.#wholeAt) {
      this.#hold(rest);
      return;
    }
    let found = this.#format.boundsOf(rest, this.#searched);
    while (typeof found === 'object' && 'next' in found) {
      yield { type: 'frame', bytes: rest.subarray(found.start, found.end) };
      rest = rest.subarray(found.next);
      found = this.#format.boundsOf(rest, 0);
    }
    const { maxHeldBytes } = this.#format;
    this.#wholeAt = typeof found === 'object' ? found.wholeAt : 0;
    this.#searched = found === undefined ? rest.length : 0;
    if (found === 'too-long' || rest.length > maxHeldBytes || this.#wholeAt > maxHeldBytes)
      yield this.#giveUp();
    else this.#hold(rest);
  }

  /** What is held, and what arrived behind it, in one piece. */
  #after(arrived: Uint8Array): Uint8Array {
    const length = this.#length;
    if (length === 0) return arrived;
    const needed = length + arrived.length;
    if (needed > this.#held.length) {
      // Twice as much as before: so each byte is copied a few times only, in however many pieces they come.
      const larger = new Uint8Array(Math.max(needed, 2 * this.#held.length));
      larger.set(this.#held.subarray(0, length));
      this.#held = larger;
    }
    this.#held.set(arrived, length);
    return this.#held.subarray(0, needed);
  }

  #hold(rest: Uint8Array): void {
    // What goes on where it is held already stays there. A copy otherwise: a view would keep the whole chunk, and frames that
    // were given away are never written over.
    const stays = rest.buffer === this.#held.buffer && rest.byteOffset === 0;
    if (!stays) this.#held = Uint8Array.from(rest);
    this.#length = rest.length;
  }

  #giveUp(): Cut {
    this.#over = true;
    this.#held = new Uint8Array();
    this.#length = 0;
    return { type: 'too-long' };
  }
}
