import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { ManualClock } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { sendHeartBeats } from './send-heart-beats.ts';

function given(socket = new PassThrough()) {
  const clock = new ManualClock();
  const heard: string[] = [];
  socket.on('error', () => {});
  const end = sendHeartBeats(socket, clock, 1_000, () => {
    heard.push('beat');
    socket.write('beat');
  });
  return { clock, socket, heard, end };
}

describe('heart-beats', () => {
  test('come at their interval, the first one after it', () => {
    const { clock, heard } = given();
    clock.advance(999);
    expect(heard).toHaveLength(0);
    clock.advance(1);
    expect(heard).toHaveLength(1);
    clock.advance(3_000);
    expect(heard).toHaveLength(4);
  });

  test('wait while the device does not read, and go on when it has', async () => {
    const { clock, socket, heard } = given(new PassThrough({ highWaterMark: 8 }));
    clock.advance(60_000);
    const before = heard.length;
    expect(before).toBeLessThan(10);
    socket.resume();
    await once(socket, 'drain');
    clock.advance(1_000);
    expect(heard).toHaveLength(before + 1);
  });

  test.each([
    ['closes', (socket: PassThrough) => socket.destroy()],
    ['breaks', (socket: PassThrough) => socket.destroy(new Error('reset'))],
  ])('end when the socket %s, and leave no timer', async (_how, part) => {
    const { clock, socket, heard } = given();
    expect(clock.armed).toBe(1);
    part(socket);
    await once(socket, 'close').catch(() => {});
    expect(clock.armed).toBe(0);
    clock.advance(5_000);
    expect(heard).toEqual([]);
  });

  test('end behind the last word of the adapter', () => {
    const { clock, socket, heard } = given();
    socket.end('last');
    clock.advance(1_000);
    expect(heard).toEqual([]);
    expect(clock.armed).toBe(0);
  });

  test('end when they are ended, once and for all, and leave nothing at the socket', () => {
    const { clock, socket, heard, end } = given();
    end();
    end();
    expect(clock.armed).toBe(0);
    expect(socket.listenerCount('close')).toBe(new PassThrough().listenerCount('close'));
    clock.advance(5_000);
    expect(heard).toEqual([]);
  });

  test('do not begin on a socket that is gone, or that was ended', async () => {
    const gone = new PassThrough();
    gone.destroy();
    await once(gone, 'close');
    expect(given(gone).clock.armed).toBe(0);
    const ended = new PassThrough();
    ended.end();
    expect(given(ended).clock.armed).toBe(0);
  });

  test('a heart-beat that ends the session is the last one', () => {
    const clock = new ManualClock();
    let beats = 0;
    const end = sendHeartBeats(new PassThrough(), clock, 1_000, () => {
      beats += 1;
      end();
    });
    clock.advance(5_000);
    expect([beats, clock.armed]).toEqual([1, 0]);
  });
});
