import { harmOf, harmWithin } from '@rollcall/conformance';
import { expect } from 'vitest';
import { scriptedPassword } from './scripted-registry.ts';
import type { AdapterInTest } from './start-for-test.ts';

/**
 * What must hold of an adapter that was stopped after whatever was sent to it: no half of a pair, no error, no secret in the log,
 * and nothing in events or beside device data that does harm where it is shown.
 *
 * @param contained whether serving peers may have thrown, since the test saw to that.
 */
export function expectUnharmed({ sink, sender, logged }: AdapterInTest, contained = false): void {
  const open = new Map<string, number>();
  for (const { type, connectionId } of sink.events)
    open.set(connectionId, (open.get(connectionId) ?? 0) + (type === 'connected' ? 1 : -1));
  expect([...open.values()].filter((count) => count !== 0)).toEqual([]);
  const errors = logged.filter(({ level }) => level === 'error');
  expect(errors.filter(({ facts }) => !contained || !('where' in facts))).toEqual([]);
  expect(JSON.stringify(logged)).not.toContain(scriptedPassword);
  expect(sink.events.map(harmWithin).filter((harm) => harm !== undefined)).toEqual([]);
  const beside = sender.messages.map(({ payload: _any, ...rest }) => harmWithin(rest));
  expect(beside.filter((harm) => harm !== undefined)).toEqual([]);
}

/** What the metrics say while the adapter runs: labels hold what the registry knows, and nothing that a peer said. */
export async function expectPrintableMetrics({ running }: AdapterInTest): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${running.healthPort}/metrics`);
  const lines = (await response.text()).split('\n');
  expect(lines.map(harmOf).filter((harm) => harm !== undefined)).toEqual([]);
}
