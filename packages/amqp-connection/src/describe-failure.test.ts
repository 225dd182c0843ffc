import { expect, test } from 'vitest';
import { describeFailure } from './describe-failure.ts';

test.each([
  [1, 'the broker at a:1 refused the credentials: check user name, password or client certificate'],
  [2, 'cannot connect to the broker at a:1: it cannot decide the login now'],
  [3, 'cannot connect to the broker at a:1: it cannot decide the login now'],
  [4, 'cannot connect to the broker at a:1: it cannot decide the login now'],
])('after the SASL outcome %i an operator reads whether the credentials are wrong', (code, line) => {
  expect(describeFailure(new Error(`Failed to authenticate: ${code}`), 'a:1', 'broker')).toContain(line);
});
