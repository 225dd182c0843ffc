import { once } from 'node:events';
import { connect } from 'node:net';
import { startForTest } from '@rollcall/adapter-process/testing';
import { settled } from '@rollcall/conformance';
import { arrived } from '@rollcall/conformance/machine';
import { scriptedPassword } from '@rollcall/conformance/registry';
import { expect, onTestFinished, test } from 'vitest';
import { createAmqpAdapter } from './adapter.ts';
import { options } from './testing/options.ts';
import { amqpHeader, openFrame, rawClient, saslHeader, saslInit } from './testing/raw-client.ts';

const connections = 50;

/** A timer that is armed holds all there is of its connection. */
function armedTimers(): number {
  return process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
}

test.each([
  ['refused', 'guess'],
  ['let in', scriptedPassword],
])('no timer is left of connections that were %s and are over', async (_what, password) => {
  const adapter = await startForTest(createAmqpAdapter(options));
  onTestFinished(() => adapter.running.stop({ graceMs: 0 }));
  const before = armedTimers();
  for (let i = 0; i < connections; i++) {
    const { socket, say, hear } = rawClient(connect(adapter.address.port, '127.0.0.1'));
    const login = saslInit('PLAIN', `\0thermostat-7@acme\0${password}`);
    say(saslHeader, login, amqpHeader, openFrame(`unit-${i}`));
    // The header, the mechanisms, and the outcome.
    for (let unit = 0; unit < 3; unit++) expect(await hear()).toBeDefined();
    socket.destroy();
  }
  await expect.poll(armedTimers).toBeLessThan(before + connections / 2);
});

test('a device that hangs up behind its Open, while it logs in, was never connected', async () => {
  const adapter = await startForTest(createAmqpAdapter(options));
  onTestFinished(() => adapter.running.stop({ graceMs: 0 }));
  const goOn = adapter.registry.hold();
  const { socket, say } = rawClient(connect(adapter.address.port, '127.0.0.1'));
  const login = saslInit('PLAIN', `\0thermostat-7@acme\0${scriptedPassword}`);
  say(saslHeader, login, amqpHeader, openFrame('unit-1'));
  socket.end();
  await once(socket, 'finish');
  await arrived(socket);
  const over = once(socket, 'close');
  goOn();
  await over;
  await settled();
  expect(adapter.sink.events).toEqual([]);
});
