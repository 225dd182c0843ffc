import { FrameCutter, type Cut } from '@rollcall/adapter-kit';
import { requestFormat } from './request-format.ts';
import { parseRequest } from './device-request.ts';

/** What ends a session, whatever the requests before it still wait for. */
export type Ending =
  | { readonly type: 'bye' }
  /** The device broke the protocol. */
  | { readonly type: 'protocol-error'; readonly text: string };

/** What bytes show as soon as they arrive. */
export interface Foreseen {
  /** Whether a request ends among them. */
  readonly whole: boolean;
  readonly ending?: Ending;
}

/**
 * Understands requests as they arrive, in whatever pieces, and before their turn comes: a goodbye or a mistake counts from then on.
 *
 * @returns takes what arrives; says how the session ends by that or by what came before, if it does.
 */
export function createForesight(maxLineBytes: number): (bytes: Uint8Array) => Foreseen {
  const cutter = new FrameCutter(requestFormat(maxLineBytes));
  let ending: Ending | undefined;
  let lines = 0;

  function understand(cut: Cut): Ending | undefined {
    lines += 1;
    if (cut.type === 'too-long') return { type: 'protocol-error', text: 'line too long' };
    const request = parseRequest(cut.bytes);
    if (request.name === 'bye') return { type: 'bye' };
    if (request.name === 'invalid') return { type: 'protocol-error', text: request.text };
    return request.name === 'login' && lines > 1
      ? { type: 'protocol-error', text: 'logged in already' }
      : undefined;
  }

  return (arrived) => {
    if (ending) return { whole: false, ending };
    let whole = false;
    for (const cut of cutter.cut(arrived)) {
      whole ||= cut.type === 'frame';
      ending = understand(cut);
      // What comes after the end does not count.
      if (ending) return { whole, ending };
    }
    return { whole };
  };
}
