import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { systemClock, type Clock, type Log } from '@rollcall/core/environment';
import { printable } from '@rollcall/core/text';

/** Of one thing that a library prints. */
const maxLength = 2_000;
/** A peer may have a library complain of everything that it sends. */
const windowMs = 60_000;
const maxTold = 10;

/**
 * Takes the console from the libraries of this process: what they print, at times in the words of a peer, goes to the log, and what
 * still reaches standard error is printable. In a minute ten of them are logged, and then how many more there were. The result gives
 * both back.
 */
export function guardConsole(log: Log, clock: Pick<Clock, 'monotonic'> = systemClock): () => void {
  const { console: before } = globalThis;
  const { stderr } = process;
  const write = stderr.write.bind(stderr);
  const mayTell = boundTelling(log, clock);
  globalThis.console = new Console({
    stdout: toLog((text) => mayTell() && log.debug({ text }, 'a library printed something')),
    stderr: toLog((text) => mayTell() && log.warn({ text }, 'a library complained')),
    colorMode: false,
  });
  stderr.write = (chunk: Uint8Array | string, ...rest: unknown[]) =>
    write(typeof chunk === 'string' ? printableLines(chunk) : chunk, ...(rest as []));
  return () => {
    globalThis.console = before;
    stderr.write = write;
  };
}

function boundTelling(log: Log, clock: Pick<Clock, 'monotonic'>): () => boolean {
  let begunAt = -Infinity;
  let told = 0;
  let untold = 0;
  return () => {
    const now = clock.monotonic();
    if (now - begunAt >= windowMs) {
      if (untold > 0) log.warn({ untold }, 'libraries printed more than is logged');
      begunAt = now;
      told = 0;
      untold = 0;
    }
    if (told < maxTold) return ++told > 0;
    untold++;
    return false;
  };
}

/** Each thing that is printed is written at once. */
function toLog(tell: (text: string) => unknown): Writable {
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
