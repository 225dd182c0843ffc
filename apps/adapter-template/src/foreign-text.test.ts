import { once } from 'node:events';
import { connect } from 'node:net';
import { expectPrintableMetrics, expectUnharmed } from '@rollcall/adapter-conformance';
import { startForTest } from '@rollcall/adapter-process/testing';
import { illFormedUtf8, nastyStrings } from '@rollcall/conformance/hostile';
import { expect, test } from 'vitest';
import { createTemplateAdapter } from './adapter.ts';
import { endOfTalk, says } from './testing/says.ts';
import { limits } from './testing/options.ts';

const nasty: readonly (readonly [string, Uint8Array])[] = [
  ...Object.entries(nastyStrings).map(([what, text]) => [what, Buffer.from(text)] as const),
  ...Object.entries(illFormedUtf8),
];

const joined = (...parts: readonly (string | Uint8Array)[]): Uint8Array =>
  Buffer.concat(parts.map((part) => Buffer.from(part)));

test.each(nasty)('%s does no harm, wherever it stands', async (_what, bytes) => {
  const listener = { host: '127.0.0.1', port: 0 };
  const adapter = await startForTest(createTemplateAdapter({ ...limits, plain: listener }), {
    settings: { health: listener },
  });
  for (const conversation of [
    [says.request(bytes)],
    [says.login(joined(bytes, '@acme'), 'x')],
    [says.login(joined('thermostat-7@', bytes), 'x')],
    [
      says.login(),
      says.request(bytes, 'x'),
      says.event(bytes, 'x'),
      says.telemetry('a/b', bytes),
      ...endOfTalk,
    ],
  ]) {
    const socket = connect(adapter.address.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume().end(Buffer.concat(conversation));
    await once(socket, 'close');
  }
  await expectPrintableMetrics(adapter);
  await adapter.running.stop({ graceMs: 0 });
  expectUnharmed(adapter);
  expect(adapter.sink.events.map(({ type }) => type)).toEqual(['connected', 'disconnected']);
});
