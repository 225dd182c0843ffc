/**
 * Resolves with who asks this process to stop: a signal, or `asked` when the process that started it with an IPC channel has
 * ended.
 *
 * @param onSecondSignal called for each further signal: whoever asks twice is out of patience.
 */
export function stopRequested(onSecondSignal: () => void): Promise<string> {
  return new Promise((resolve) => {
    let signals = 0;
    const onSignal = (signal: NodeJS.Signals): void => {
      signals += 1;
      if (signals > 1) onSecondSignal();
      else resolve(signal);
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
    // The other process may have ended before this one listened.
    if ((process.connected as boolean | undefined) === false) resolve('asked');
    process.once('disconnect', () => resolve('asked'));
    process.channel?.unref();
  });
}
