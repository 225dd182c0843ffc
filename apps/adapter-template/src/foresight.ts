import { parseCommand } from './command.ts';
import { lineFeed } from './read-commands.ts';

/** What ends a session, whatever the commands before it still wait for. */
export type Ending =
  | { readonly type: 'bye' }
  /** The device broke the protocol. */
  | { readonly type: 'protocol-error'; readonly text: string };

/**
 * Understands commands as they arrive, in whatever pieces, and before their turn comes: a goodbye or a mistake counts from then on.
 *
 * @returns takes what arrives; says how the session ends by that, if it does.
 */
export function createForesight(maxLineBytes: number): (bytes: Uint8Array) => Ending | undefined {
  let ending: Ending | undefined;
  let unfinished: Uint8Array = new Uint8Array();
  let lines = 0;

  function understand(line: Uint8Array): Ending | undefined {
    lines += 1;
    if (line.length > maxLineBytes) return { type: 'protocol-error', text: 'line too long' };
    const command = parseCommand(line);
    if (command.name === 'bye') return { type: 'bye' };
    if (command.name === 'invalid') return { type: 'protocol-error', text: command.text };
    return command.name === 'login' && lines > 1
      ? { type: 'protocol-error', text: 'logged in already' }
      : undefined;
  }

  return (arrived) => {
    if (ending) return ending;
    const bytes = unfinished.length > 0 ? Buffer.concat([unfinished, arrived]) : Buffer.from(arrived);
    let start = 0;
    for (let end = bytes.indexOf(lineFeed); end >= 0 && !ending; end = bytes.indexOf(lineFeed, start)) {
      ending = understand(bytes.subarray(start, end));
      start = end + 1;
    }
    // A copy: a view would keep the whole chunk.
    unfinished = Uint8Array.from(bytes.subarray(start));
    if (unfinished.length > maxLineBytes) ending ??= { type: 'protocol-error', text: 'line too long' };
    if (ending) unfinished = new Uint8Array();
    return ending;
  };
}
