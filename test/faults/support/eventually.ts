/** Waits until `problems` finds none; rejects with the first ones it still finds when patience ends. */
export async function eventuallyNone(
  problems: () => readonly string[] | Promise<readonly string[]>,
  patienceMs = 300_000,
): Promise<void> {
  const givenUpAt = performance.now() + patienceMs;
  for (;;) {
    const askedAt = performance.now();
    const found = await problems();
    if (found.length === 0) return;
    if (performance.now() > givenUpAt)
      throw new Error(`${found.length} problems:\n${found.slice(0, 10).join('\n')}`);
    // What takes long to find out is asked less often: it would take the time of those that are waited for.
    const pauseMs = Math.max(100, 9 * (performance.now() - askedAt));
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
