import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { destroyUnlessClosed } from './destroy-unless-closed.ts';

test('a socket that does not close is destroyed after a second', () => {
  const clock = new ManualClock();
  const socket = new PassThrough();
  destroyUnlessClosed(socket, clock);
  clock.advance(999);
  expect(socket.destroyed).toBe(false);
  clock.advance(1);
  expect(socket.destroyed).toBe(true);
});

test('a socket that closes leaves no timer', async () => {
  const clock = new ManualClock();
  const socket = new PassThrough();
  destroyUnlessClosed(socket, clock);
  expect(clock.armed).toBe(1);
  socket.destroy();
  await once(socket, 'close');
  expect(clock.armed).toBe(0);
  destroyUnlessClosed(socket, clock);
  expect(clock.armed).toBe(0);
});
