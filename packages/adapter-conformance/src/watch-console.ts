import { expect, vi } from 'vitest';

/** Watches the console from now on. The result stops it, and fails where anything was printed meanwhile: libraries must not. */
export function watchConsole(): () => void {
  const watched = (['log', 'info', 'warn', 'error', 'debug', 'trace'] as const).map((method) =>
    vi.spyOn(console, method).mockImplementation(() => {}),
  );
  return () => {
    const printed: readonly (readonly unknown[])[] = watched.flatMap((spy) => spy.mock.calls);
    for (const spy of watched) spy.mockRestore();
    expect(printed).toEqual([]);
  };
}
