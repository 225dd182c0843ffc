const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * Resolves with why the process is asked to stop: the name of a signal, or `parent ended` where the parent that started it with an
 * IPC channel has ended. The end of the parent is no second request: both may announce the same one, as with a terminal that
 * signals all its processes.
 *
 * @param onSecondSignal called for each further signal: whoever sends it is out of patience. Default: the process ends at once.
 */
export function shutdownRequested(onSecondSignal: () => void = endAtOnce): Promise<string> {
  return new Promise((resolve) => {
    let isSignalled = false;
    const onSignal = (signal: string): void => {
      if (isSignalled) onSecondSignal();
      isSignalled = true;
      resolve(signal);
    };
    for (const signal of signals) process.on(signal, () => onSignal(signal));
    onEndOfParent(() => resolve('parent ended'));
  });
}

/** Without exit handlers: one of them may be what hangs. */
function endAtOnce(): void {
  process.kill(process.pid, 'SIGKILL');
}

/**
 * Ends the process at once when the parent that started it with an IPC channel ends: for as long as there is nothing to tidy up, and
 * nobody waits for {@link shutdownRequested}. The result ends that.
 */
export function endWithParent(): () => void {
  // As a signal would that nobody listens for.
  return onEndOfParent(() => process.kill(process.pid, 'SIGTERM'));
}

/** Not only from now on: it may have ended while this process began. The result listens no more. */
function onEndOfParent(ended: () => void): () => void {
  if ((process.connected as boolean | undefined) === false) ended();
  if (!process.channel) return () => {};
  process.once('disconnect', ended);
  // The channel by itself keeps nothing running.
  process.channel.unref();
  return () => process.off('disconnect', ended);
}
