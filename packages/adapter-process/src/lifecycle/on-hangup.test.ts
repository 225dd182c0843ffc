import { afterEach, expect, test, vi } from 'vitest';
import { fakeProcess } from '../testing/fake-process.ts';
import { onHangup } from './on-hangup.ts';

const terminal = vi.hoisted(() => ({ isThere: true }));
vi.mock('node:tty', () => ({ isatty: () => true }));
vi.mock('node:fs', () => ({
  closeSync: () => {},
  openSync: () => {
    if (!terminal.isThere) throw new Error('ENXIO');
    return 7;
  },
}));

afterEach(() => (terminal.isThere = true));

function given({ inTerminal = true, hasChannel = false } = {}) {
  terminal.isThere = inTerminal;
  const { ours, killed } = fakeProcess({ hasChannel });
  let looks = 0;
  const stop = onHangup(() => (looks += 1), ours);
  return { hangUp: () => ours.emit('SIGHUP', 'SIGHUP'), stop, outcome: () => ({ looks, killed }) };
}

test.each([true, false])('SIGHUP means: look at the files (started in a terminal: %s)', (inTerminal) => {
  const { hangUp, outcome } = given({ inTerminal });
  hangUp();
  hangUp();
  expect(outcome()).toEqual({ looks: 2, killed: [] });
});

test('SIGHUP stops a process whose terminal has closed', () => {
  const { hangUp, outcome } = given();
  terminal.isThere = false;
  hangUp();
  expect(outcome()).toEqual({ looks: 0, killed: ['SIGTERM'] });
});

test('SIGHUP of a closed terminal leaves a process with an IPC channel to the one that started it', () => {
  const { hangUp, outcome } = given({ hasChannel: true });
  terminal.isThere = false;
  hangUp();
  expect(outcome()).toEqual({ looks: 0, killed: [] });
});

test('nothing listens to SIGHUP any more after the result was called', () => {
  const { hangUp, stop, outcome } = given();
  stop();
  hangUp();
  expect(outcome()).toEqual({ looks: 0, killed: [] });
});
