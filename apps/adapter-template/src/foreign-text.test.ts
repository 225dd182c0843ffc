import { once } from 'node:events';
import { connect } from 'node:net';
import { expectPrintableMetrics, expectUnharmed } from '@rollcall/adapter-conformance';
import { startForTest } from '@rollcall/adapter-process/testing';
import { scriptedPassword, illFormedUtf8, nastyStrings } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createTemplateAdapter } from './adapter.ts';
import { limits } from './testing/options.ts';

const nasty: readonly (readonly [string, Uint8Array])[] = [
  ...Object.entries(nastyStrings).map(([what, text]) => [what, Buffer.from(text)] as const),
  ...Object.entries(illFormedUtf8),
];

test.each(nasty)('%s does no harm, wherever it stands', async (_what, bytes) => {
  const listener = { host: '127.0.0.1', port: 0 };
  const adapter = await startForTest(createTemplateAdapter({ ...limits, plain: listener }), {
    settings: { health: listener },
  });
  const text = Buffer.from(bytes).toString('latin1');
  for (const conversation of [
    `${text}\n`,
    `login ${text}@acme x\n`,
    `login thermostat-7@${text} x\n`,
    `login thermostat-7@acme ${scriptedPassword}\n${text} x\nevent ${text} x\ntelemetry a/b ${text}\nbye\n`,
  ]) {
    const socket = connect(adapter.address.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume().end(Buffer.from(conversation, 'latin1'));
    await once(socket, 'close');
  }
  await expectPrintableMetrics(adapter);
  await adapter.running.stop({ graceMs: 0 });
  expectUnharmed(adapter);
  expect(adapter.sink.events.map(({ type }) => type)).toEqual(['connected', 'disconnected']);
});
