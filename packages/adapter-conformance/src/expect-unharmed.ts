import { harmOf, harmWithin } from '@rollcall/conformance/hostile';
import { expect } from 'vitest';
import type { LogLine } from '@rollcall/conformance';
import { scriptedPassword } from '@rollcall/conformance/registry';
import type { AdapterInTest } from '@rollcall/adapter-process/testing';

/** What is looked at of an adapter in a test. */
export type Observed = Pick<AdapterInTest, 'sink' | 'sender' | 'logged'>;

/**
 * What must hold of an adapter that was stopped after whatever was sent to it: no half of a pair, no error, no secret in the log,
 * and nothing in events or beside device data that does harm where it is shown. A failure shows the one line that matters.
 *
 * @param contained whether serving peers may have thrown, since the test saw to that.
 */
export function expectUnharmed(observed: Observed, contained = false): void {
  expect(firstHarm(observed, contained)).toBe('none');
}

/** In one line, what was done and where it shows; `none` where no harm was done. */
export function firstHarm({ sink, sender, logged }: Observed, contained: boolean): string {
  const open = new Map<string, number>();
  for (const { type, connectionId } of sink.events)
    open.set(connectionId, (open.get(connectionId) ?? 0) + (type === 'connected' ? 1 : -1));
  const unmatched = sink.events.find(({ connectionId }) => open.get(connectionId) !== 0);
  if (unmatched) return `an event without its other half: ${inOneLine(unmatched)}`;

  const error = logged.find(({ level, facts }) => level === 'error' && (!contained || !('where' in facts)));
  if (error) return `an error in the log: ${lineOf(error)}`;
  const secret = logged.find((line) => JSON.stringify(line).includes(scriptedPassword));
  if (secret) return `a password in the log: ${lineOf(secret)}`;

  for (const event of sink.events) {
    const harm = harmWithin(event);
    if (harm !== undefined) return `an event with ${harm}: ${inOneLine(event)}`;
  }
  for (const { payload: _any, ...beside } of sender.messages) {
    const harm = harmWithin(beside);
    if (harm !== undefined) return `device data with ${harm}: ${inOneLine(beside)}`;
  }
  return 'none';
}

/** What the metrics say while the adapter runs: labels hold what the registry knows, and nothing that a peer said. */
export async function expectPrintableMetrics({ running }: AdapterInTest): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${running.healthPort}/metrics`);
  const lines = (await response.text()).split('\n');
  expect(lines.map(harmOf).filter((harm) => harm !== undefined)).toEqual([]);
}

function lineOf({ message, facts }: LogLine): string {
  return `${message} ${inOneLine(facts)}`;
}

/** Errors as what they say and where: as JSON they are empty. */
function inOneLine(value: object): string {
  return JSON.stringify(value, (_key, each: unknown) => (each instanceof Error ? each.stack : each));
}
