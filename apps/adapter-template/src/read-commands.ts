import { lineFormat, readFrames } from '@rollcall/adapter-kit';
import { parseCommand, type Command } from './command.ts';

export const lineFeed = 0x0a;

/**
 * Understands the lines that a device sends, one at a time: nothing is read while a command is carried out. Of a line
 * without an end, `maxLineBytes` are held, then it is over.
 */
export async function* readCommands(
  chunks: AsyncIterable<Uint8Array>,
  maxLineBytes: number,
): AsyncGenerator<Command, void, undefined> {
  for await (const cut of readFrames(chunks, lineFormat(maxLineBytes)))
    yield cut.type === 'frame' ? parseCommand(cut.bytes) : { name: 'invalid', text: 'line too long' };
}
