import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

/**
 * SIGHUP has two meanings: look at what the configuration names, and the terminal has closed. Where it has, the process is asked to
 * stop: an adapter that nobody sees must not stay behind. Where it was started with an IPC channel, that is left to whoever started it.
 * The result listens no more.
 *
 * @param ours the process, for tests.
 */
export function onHangup(look: () => void, ours: NodeJS.Process = process): () => void {
  const hadTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor)) && hasTerminal();
  const heard = (): void => {
    if (!hadTerminal || hasTerminal()) look();
    else if (!ours.channel) ours.kill(ours.pid, 'SIGTERM');
  };
  ours.on('SIGHUP', heard);
  return () => ours.off('SIGHUP', heard);
}

/** It cannot be opened any more once it is closed. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
