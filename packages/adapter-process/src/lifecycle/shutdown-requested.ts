/**
 * Resolves when the process is asked to stop: by one of `signals`, or by the end of the parent that started it with
 * an IPC channel. A second signal ends the process at once; the end of the parent does not: both may announce the same request, as
 * with a terminal that signals all its processes.
 */
export function shutdownRequested(...signals: readonly NodeJS.Signals[]): Promise<string> {
  return new Promise((resolve) => {
    let isSignalled = false;
    const onSignal = (signal: string): void => {
      // Without exit handlers: one of them may be what hangs.
      if (isSignalled) process.kill(process.pid, 'SIGKILL');
      isSignalled = true;
      resolve(signal);
    };
    for (const signal of signals) process.on(signal, () => onSignal(signal));
    onEndOfParent(() => resolve('parent ended'));
  });
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
