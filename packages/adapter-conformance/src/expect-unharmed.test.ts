import { anEvent, RecordingSink } from '@rollcall/conformance';
import type { ConnectionEvent } from '@rollcall/core/events';
import { expect, test } from 'vitest';
import { expectUnharmed, firstHarm, type Observed } from './expect-unharmed.ts';
import type { LogLine } from '@rollcall/conformance';
import { RecordingSender } from '@rollcall/conformance';
import { scriptedPassword } from '@rollcall/conformance/registry';

const quiet: LogLine[] = [
  { level: 'info', facts: { port: 7_070 }, message: 'ready' },
  { level: 'warn', facts: { reason: 'busy' }, message: 'refused' },
];

function observed(logged: readonly LogLine[], events: readonly ConnectionEvent[] = []): Observed {
  const sink = new RecordingSink('recording');
  Object.assign(sink, { events });
  return { sink, sender: new RecordingSender(), logged };
}

test('an adapter that did as it should is unharmed', () => {
  expect(firstHarm(observed(quiet), false)).toBe('none');
  expect(() => expectUnharmed(observed(quiet))).not.toThrow();
});

test('an error in the log is shown, and no other line', () => {
  const error = new Error('broken');
  const harm = firstHarm(
    observed([...quiet, { level: 'error', facts: { error }, message: 'failed' }]),
    false,
  );
  expect(harm).toMatch(/^an error in the log: failed \{"error":"Error: broken/);
  expect(harm).not.toContain('\n');
  expect(harm).not.toContain('ready');
});

test('what serving a peer threw is no harm where the test made it throw', () => {
  const logged: LogLine[] = [{ level: 'error', facts: { where: 'socket' }, message: 'failed' }];
  expect(firstHarm(observed(logged), true)).toBe('none');
  expect(firstHarm(observed(logged), false)).toContain('an error in the log: failed');
});

test('a password in the log is shown with its line', () => {
  const logged: LogLine[] = [
    ...quiet,
    { level: 'debug', facts: { said: scriptedPassword }, message: 'login' },
  ];
  expect(firstHarm(observed(logged), false)).toMatch(/^a password in the log: login \{/);
});

test('an event without its other half is shown', () => {
  expect(firstHarm(observed(quiet, [anEvent('e1')]), false)).toMatch(
    /^an event without its other half: \{"type":"connected","id":"e1"/,
  );
});
