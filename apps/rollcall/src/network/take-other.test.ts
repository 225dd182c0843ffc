import { deviceRef } from '@rollcall/core';
import type { HonoConnectionEvent, UnrecognizedMessage } from '@rollcall/hono-wire';
import { expect, test } from 'vitest';
import { LeftToOthers, takeOther } from './take-other.ts';

const said: HonoConnectionEvent = {
  type: 'hono',
  cause: 'connected',
  device: deviceRef('acme', 'd'),
  remoteId: 'x',
  source: 'hono-amqp',
};
const data = { type: 'unrecognized' } as UnrecognizedMessage;

function take(message: HonoConnectionEvent | UnrecognizedMessage, shared: boolean) {
  const lines: string[] = [];
  const shown: unknown[] = [];
  let left = false;
  try {
    takeOther(
      message,
      shared,
      (line) => lines.push(line),
      (event) => shown.push(event),
    );
  } catch (error) {
    left = error instanceof LeftToOthers;
  }
  return { lines, shown, left };
}

test.each([true, false])(
  "an event of Hono's own adapters is shown, and a line says whose it is (shared: %j)",
  (shared) => {
    expect(take(said, shared)).toEqual({
      lines: [expect.stringContaining('events of hono-amqp name no connections')],
      shown: [said],
      left: false,
    });
  },
);

test('data of devices in a shared queue is left to its other consumers', () => {
  expect(take(data, true)).toEqual({
    lines: [expect.stringContaining('left to others')],
    shown: [],
    left: true,
  });
});

test('data of devices in an own subscription is only reported', () => {
  expect(take(data, false)).toEqual({
    lines: [expect.stringContaining('not shown')],
    shown: [],
    left: false,
  });
});
