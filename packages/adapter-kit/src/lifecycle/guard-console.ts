import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { printable, type Log } from '@rollcall/core';

/** Of one thing that a library prints. */
const maxLength = 2_000;

/**
 * Takes the console from the libraries of this process: what they print, at times in the words of a peer, goes to the log, and what
 * reaches standard error all the same is printable. The result gives both back.
 */
export function guardConsole(log: Log): () => void {
  const { console: before } = globalThis;
  const { stderr } = process;
  const write = stderr.write.bind(stderr);
  globalThis.console = new Console({
    stdout: toLog((text) => log.debug({ text }, 'a library printed something')),
    stderr: toLog((text) => log.warn({ text }, 'a library complained')),
    colorMode: false,
  });
  stderr.write = (chunk: Uint8Array | string, ...rest: unknown[]) =>
    write(typeof chunk === 'string' ? printableLines(chunk) : chunk, ...(rest as []));
  return () => {
    globalThis.console = before;
    stderr.write = write;
  };
}

/** Each thing that is printed is written at once. */
function toLog(tell: (text: string) => void): Writable {
  return new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      tell(printable(text.trimEnd().slice(0, maxLength)));
      done();
    },
  });
}

function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
