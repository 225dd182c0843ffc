import type rhea from 'rhea';
import { expect, test } from 'vitest';
import { takeOverHeartBeats } from './take-over-heart-beats.ts';

function given(idleTimeOut: unknown) {
  const sent: unknown[] = [];
  const raw = {
    remote: { open: { idle_time_out: idleTimeOut } },
    _write_frame: (...facts: readonly unknown[]) => void sent.push(facts),
  };
  return { raw, sent, wanted: takeOverHeartBeats(raw as unknown as rhea.Connection) };
}

test('a peer says within what time it wants heart-beats; rhea does not see it, and sends none itself', () => {
  const { raw, sent, wanted } = given(40_000);
  expect(wanted?.withinMs).toBe(40_000);
  expect(raw.remote.open.idle_time_out).toBe(0);
  wanted?.beat();
  expect(sent).toEqual([[0]]);
});

test.each([[undefined], [null], [0], ['soon'], [Number.NaN]])(
  'a peer that says %s wants none',
  (idleTimeOut) => {
    const { raw, wanted } = given(idleTimeOut);
    expect(wanted).toBeUndefined();
    expect(raw.remote.open.idle_time_out).toBe(idleTimeOut);
  },
);

test('before the peer has opened there is nothing to take over', () => {
  expect(takeOverHeartBeats({ remote: {} } as unknown as rhea.Connection)).toBeUndefined();
});
