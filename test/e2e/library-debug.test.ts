import { expect, onTestFinished, test } from 'vitest';
import { startApp } from './support/processes.ts';

// A library that is asked to print what it parses would print passwords: no process of ours begins to serve then.

test.each([
  ['mqtt-adapter', [], { DEBUG: '*' }],
  ['amqp-adapter', [], { DEBUG: 'app,rhea:frames' }],
  ['http-adapter', [], { NODE_DEBUG: 'stream' }],
  ['rollcall', ['tail', '--tenant', 'acme'], { DEBUG: 'rhea*' }],
  ['rollcall', ['network'], { DEBUG: '*' }],
] as const)('%s %j does not start with %j, and says why in one line', async (app, args, env) => {
  const running = startApp(app, [...args], env);
  onTestFinished(async () => void (await running.end('SIGKILL')));
  expect(await running.exited()).toBe(2);
  const [name] = Object.keys(env);
  const lines = [...running.stdout, ...running.stderr].filter((line) => line !== '');
  expect(lines.filter((line) => line.includes(`${name} is set`))).toHaveLength(1);
});
