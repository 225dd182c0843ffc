import { FrameCutter, type Cut, type FrameFormat } from '@rollcall/adapter-kit/arrival';
import { frameProblem } from './request-format.ts';
import { parseRequest } from './device-request.ts';

/** What ends a session, whatever the requests before it still wait for. */
export type Ending =
  | { readonly type: 'bye' }
  /** The device broke the protocol. */
  | { readonly type: 'protocol-error'; readonly text: string };

/** Where a session ends. */
export interface ForeseenEnd {
  /** Of the connection, counted from 1. */
  readonly frame: number;
  readonly ending: Ending;
}

/** What bytes show as soon as they arrive. */
export interface Foreseen {
  /** Whether a request ends among them. */
  readonly whole: boolean;
  readonly end?: ForeseenEnd;
}

export const tooLong = 'request too long';

/**
 * Understands requests as they arrive, in whatever pieces, and before their turn comes: a goodbye or a mistake counts from then
 * on. Requests are read again in their turn, since one that is kept takes more room than its bytes.
 *
 * @returns takes what arrives; says how the session ends by that or by what came before, if it does.
 */
export function createForesight(format: FrameFormat): (bytes: Uint8Array) => Foreseen {
  const cutter = new FrameCutter(format);
  let end: ForeseenEnd | undefined;
  let frames = 0;

  function endingOf(cut: Cut): Ending | undefined {
    const problem = cut.type === 'too-long' ? tooLong : frameProblem(cut.bytes);
    if (problem !== undefined) return { type: 'protocol-error', text: problem };
    return cut.type === 'frame' ? endingBy(cut.bytes, frames) : undefined;
  }

  return (arrived) => {
    if (end) return { whole: false, end };
    let whole = false;
    for (const cut of cutter.cut(arrived)) {
      frames += 1;
      whole ||= cut.type === 'frame';
      const ending = endingOf(cut);
      // What comes after the end does not count.
      if (ending) {
        end = { frame: frames, ending };
        return { whole, end };
      }
    }
    return { whole };
  };
}

function endingBy(bytes: Uint8Array, frame: number): Ending | undefined {
  const request = parseRequest(bytes);
  if (request.name === 'bye') return { type: 'bye' };
  if (request.name === 'invalid') return { type: 'protocol-error', text: request.text };
  return request.name === 'login' && frame > 1
    ? { type: 'protocol-error', text: 'logged in already' }
    : undefined;
}
