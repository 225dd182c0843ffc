import { readFrames } from '@rollcall/adapter-kit';
import { commandFormat } from './command-format.ts';
import { parseCommand, type Command } from './command.ts';

/**
 * Understands the lines that a device sends, one at a time: nothing is read while a command is carried out. Of a line
 * without an end, `maxLineBytes` are held, then it is over.
 */
export async function* readCommands(
  chunks: AsyncIterable<Uint8Array>,
  maxLineBytes: number,
): AsyncGenerator<Command, void, undefined> {
  for await (const cut of readFrames(chunks, commandFormat(maxLineBytes)))
    yield cut.type === 'frame' ? parseCommand(cut.bytes) : { name: 'invalid', text: 'line too long' };
}
