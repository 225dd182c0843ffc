import { expect, test } from 'vitest';
import { fakeProcess } from '../testing/fake-process.ts';
import { onHangup } from './on-hangup.ts';

function given({ inTerminal = true, hasChannel = false } = {}) {
  const terminal = { isThere: inTerminal };
  const { ours, killed } = fakeProcess({ hasChannel });
  let looks = 0;
  const around = { ours, hasTerminal: () => terminal.isThere, usesTerminal: () => true };
  const stop = onHangup(() => (looks += 1), around);
  const hangUp = (): boolean => ours.emit('SIGHUP', 'SIGHUP');
  return { terminal, hangUp, stop, outcome: () => ({ looks, killed }) };
}

test.each([true, false])('SIGHUP means: look at the files (started in a terminal: %s)', (inTerminal) => {
  const { hangUp, outcome } = given({ inTerminal });
  hangUp();
  hangUp();
  expect(outcome()).toEqual({ looks: 2, killed: [] });
});

test('SIGHUP stops a process whose terminal has closed', () => {
  const { terminal, hangUp, outcome } = given();
  terminal.isThere = false;
  hangUp();
  expect(outcome()).toEqual({ looks: 0, killed: ['SIGTERM'] });
});

test('SIGHUP of a closed terminal leaves a process with an IPC channel to the one that started it', () => {
  const { terminal, hangUp, outcome } = given({ hasChannel: true });
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
