import { expect } from 'vitest';
import { scriptedPassword } from './scripted-registry.ts';
import type { AdapterInTest } from './start-for-test.ts';

/** What must hold of an adapter that was stopped after whatever was sent to it: no half of a pair, no error, no secret in the log. */
export function expectUnharmed({ sink, logged }: AdapterInTest): void {
  const open = new Map<string, number>();
  for (const { type, connectionId } of sink.events)
    open.set(connectionId, (open.get(connectionId) ?? 0) + (type === 'connected' ? 1 : -1));
  expect([...open.values()].filter((count) => count !== 0)).toEqual([]);
  expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
  expect(JSON.stringify(logged)).not.toContain(scriptedPassword);
}
