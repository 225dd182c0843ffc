/** Waits until `problems` finds none; rejects with the first ones it still finds when patience ends. */
export async function eventuallyNone(
  problems: () => readonly string[] | Promise<readonly string[]>,
  patienceMs = 120_000,
): Promise<void> {
  const givenUpAt = performance.now() + patienceMs;
  for (;;) {
    const found = await problems();
    if (found.length === 0) return;
    if (performance.now() > givenUpAt)
      throw new Error(`${found.length} problems:\n${found.slice(0, 10).join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
