import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

/** What a process hangs on; tests have others. */
interface Surroundings {
  readonly ours: NodeJS.Process;
  /** Whether a terminal controls the process now. */
  hasTerminal(): boolean;
  /** Whether one of the first three descriptors is a terminal. */
  usesTerminal(): boolean;
}

const surroundings: Surroundings = {
  ours: process,
  hasTerminal,
  usesTerminal: () => [0, 1, 2].some((descriptor) => isatty(descriptor)),
};

/**
 * SIGHUP has two meanings: look at what the configuration names, and the terminal has closed. Where it has, the process is asked to
 * stop: an adapter that no one sees must not stay behind. Where it was started with an IPC channel, its parent decides.
 * The result listens no more.
 */
export function onHangup(look: () => void, around: Surroundings = surroundings): () => void {
  const { ours } = around;
  const hadTerminal = around.usesTerminal() && around.hasTerminal();
  const heard = (): void => {
    if (!hadTerminal || around.hasTerminal()) look();
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
