/** Resolves when the process is asked to stop, or when the parent that started it with an IPC channel has ended. */
export function shutdown(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
    // The parent may have ended while this process started.
    if ((process.connected as boolean | undefined) === false) resolve();
    if (process.channel) {
      process.once('disconnect', () => resolve());
      process.channel.unref();
    }
  });
}
