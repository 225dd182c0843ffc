import { parseCommand, type Command } from './command.ts';

export const lineFeed = 0x0a;

/**
 * Cuts what a device sends into lines, in whatever pieces it arrives, and understands them one at a time: nothing is
 * read while a command is carried out. Of a line without an end, `maxLineBytes` are held, then it is over.
 */
export async function* readCommands(
  chunks: AsyncIterable<Uint8Array>,
  maxLineBytes: number,
): AsyncGenerator<Command, void, undefined> {
  let unfinished: Uint8Array = new Uint8Array();
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([unfinished, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, start)) {
      if (end - start > maxLineBytes) break;
      yield parseCommand(bytes.subarray(start, end));
      start = end + 1;
    }
    // A copy: a view would keep the whole chunk.
    unfinished = Uint8Array.from(bytes.subarray(start));
    if (unfinished.length > maxLineBytes) {
      yield { name: 'invalid', text: 'line too long' };
      return;
    }
  }
}
