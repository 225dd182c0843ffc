/**
 * Resolves when the process is asked to stop: by one of `signals`, or by the end of the parent that started it with
 * an IPC channel. A second request ends the process at once.
 */
export function shutdownRequested(...signals: readonly NodeJS.Signals[]): Promise<string> {
  return new Promise((resolve) => {
    let asked = false;
    const ask = (cause: string): void => {
      // Without exit handlers: one of them may be what hangs.
      if (asked) process.kill(process.pid, 'SIGKILL');
      asked = true;
      resolve(cause);
    };
    for (const signal of signals) process.on(signal, () => ask(signal));
    if (process.channel) {
      process.once('disconnect', () => ask('parent ended'));
      process.channel.unref();
    }
  });
}
