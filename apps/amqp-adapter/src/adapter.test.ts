import { describeAdapter } from '@rollcall/adapter-conformance';
import { startAdapter } from '@rollcall/adapter-process';
import { recordingLog, RecordingSender, RecordingSink, settled } from '@rollcall/conformance';
import { scriptedPasswords, ScriptedRegistry } from '@rollcall/conformance/registry';
import { systemClock, systemRandom } from '@rollcall/core/environment';
import { expect, test } from 'vitest';
import { createAmqpAdapter } from './adapter.ts';
import { connectClient, internalSocket, options } from './testing/amqp-bed.ts';
import { deviceBytes, heartBeats } from './testing/device-bytes.ts';

describeAdapter('AMQP 1.0', {
  bytes: deviceBytes,
  heartBeats,
  createAdapter: (limits) => createAmqpAdapter({ ...options, ...limits }),
  silenceMs: options.idleTimeoutMs,
  // SASL outcome sys-temp.
  temporary: 'Failed to authenticate: 4',
  async connect({ port }, { username, password, remoteId }, heard) {
    const { connection, condition, saslFailure, opened, over } = connectClient(port, {
      username,
      password,
      containerId: remoteId,
      desired: 'sole-connection-for-container',
    });
    if (!(await opened)) {
      heard?.(saslFailure());
      return undefined;
    }
    // A device that is refused once it is authenticated hears why at once.
    await Promise.race([over, new Promise((resolve) => setTimeout(resolve, 30))]);
    // What came meanwhile is read, however busy the machine is.
    await settled();
    if (condition() !== undefined) return undefined;
    return {
      async leave() {
        connection.close();
        await over;
      },
      async vanish() {
        internalSocket(connection)?.destroy();
      },
      // Its heartbeats are on real time, and the adapter's clock is a manual one.
      fallSilent: async () => {},
    };
  },
});

test('on the real clock, silence ends a connection, and neither side keeps it', async () => {
  const sink = new RecordingSink();
  const running = await startAdapter({
    adapter: createAmqpAdapter({ ...options, idleTimeoutMs: 3_000 }),
    registry: new ScriptedRegistry(),
    passwords: scriptedPasswords(systemClock),
    sinks: [sink],
    sender: new RecordingSender(),
    clock: systemClock,
    random: systemRandom,
    log: recordingLog(),
    settings: {
      adapterId: 'amqp-0',
      exposeRemoteAddress: true,
      maxConnections: 10,
      maxMessagesPerSecond: 0,
      admission: { maxRunning: 10, maxWaiting: 10, maxWaitMs: 1_000 },
      commitWaitMs: 50,
      announceIntervalMs: 0,
      outbox: { maxEvents: 100, maxBytes: 100_000 },
    },
  });
  const { connection, opened } = connectClient(running.listening[0]?.port ?? 0, { idleTimeoutMs: 3_000 });
  expect(await opened).toBe(true);
  // Its heartbeats keep it, and it has no more patience with the adapter: for a while it stays.
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  expect(sink.events).toHaveLength(1);
  // Nothing it writes goes out any more.
  (connection as unknown as { socket: { write(): boolean } }).socket.write = () => true;
  await expect.poll(() => sink.events.length).toBe(2);
  expect(sink.events[1]).toMatchObject({ reason: 'keepalive-timeout', clean: false });
  await running.stop({ graceMs: 1_000 });
});
