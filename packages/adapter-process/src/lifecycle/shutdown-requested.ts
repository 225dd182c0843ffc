const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * Resolves with why the process is asked to stop: the name of a signal, or `parent ended` where the parent that started it with an
 * IPC channel has ended. The end of the parent is no second request: both may announce the same one, as with a terminal that
 * signals all its processes.
 *
 * @param onSecondSignal called for each further signal: the operator is out of patience. Default: the process ends at once.
 * @param ours the process, for tests.
 */
export function shutdownRequested(
  onSecondSignal?: () => void,
  ours: NodeJS.Process = process,
): Promise<string> {
  // Without exit handlers: one of them may be what hangs.
  const insisted = onSecondSignal ?? (() => ours.kill(ours.pid, 'SIGKILL'));
  return new Promise((resolve) => {
    let isSignalled = false;
    const onSignal = (signal: string): void => {
      if (isSignalled) insisted();
      isSignalled = true;
      resolve(signal);
    };
    for (const signal of signals) ours.on(signal, () => onSignal(signal));
    onEndOfParent(ours, () => resolve('parent ended'));
  });
}

/**
 * Ends the process at once when the parent that started it with an IPC channel ends: for as long as there is nothing to tidy up, and
 * {@link shutdownRequested} was not called. The result ends that.
 */
export function endWithParent(ours: NodeJS.Process = process): () => void {
  // As a signal without a listener would.
  return onEndOfParent(ours, () => ours.kill(ours.pid, 'SIGTERM'));
}

/** Not only from now on: it may have ended while this process began. The result listens no more. */
function onEndOfParent(ours: NodeJS.Process, ended: () => void): () => void {
  if ((ours.connected as boolean | undefined) === false) ended();
  if (!ours.channel) return () => {};
  ours.once('disconnect', ended);
  // The channel by itself keeps nothing running.
  ours.channel.unref();
  return () => ours.off('disconnect', ended);
}
