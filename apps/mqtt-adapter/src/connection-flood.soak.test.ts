import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { startForTest, type AdapterInTest } from '@rollcall/adapter-process/testing';
import { localhostCertificate } from '@rollcall/conformance/certificates';
import { scriptedPassword } from '@rollcall/conformance/registry';
import { generate, type Packet } from 'mqtt-packet';
import { expect, onTestFinished, test } from 'vitest';
import { createMqttAdapter } from './adapter.ts';
import { clientHello, startConnectionFlood } from './testing/connection-flood.ts';

// Over real sockets and in real time: the adapter, a flood, a device that is there, and new ones.

const floodSeconds = Number(process.env['ROLLCALL_FLOOD_SECONDS'] ?? 30);
const strangers = ['127.0.1.2', '127.0.2.2', '127.0.3.2', '127.0.4.2'];
const certificate = localhostCertificate();
const connectPacket = (clientId: string, username: string): Packet => ({
  cmd: 'connect',
  protocolId: 'MQTT',
  protocolVersion: 4,
  clean: true,
  clientId,
  keepalive: 600,
  username,
  password: Buffer.from(scriptedPassword),
});
const publishPacket = (messageId: number): Packet => ({
  cmd: 'publish',
  topic: 'telemetry',
  payload: Buffer.alloc(200, 'x'),
  qos: 1,
  messageId,
  dup: false,
  retain: false,
});

async function givenAnAdapter(): Promise<
  AdapterInTest & { readonly plain: number; readonly secure: number }
> {
  const adapter = await startForTest(
    createMqttAdapter({
      plain: { host: '127.0.0.1', port: 0 },
      tls: { host: '127.0.0.1', port: 0, ...certificate },
      maxPayloadBytes: 2_048,
      authenticationRequired: true,
      connectTimeoutMs: 10_000,
      maxPendingSockets: 600,
      idleLimitMs: 1_800_000,
    }),
  );
  onTestFinished(() => adapter.running.stop({ graceMs: 0 }));
  let before = performance.now();
  const beat = setInterval(() => {
    const now = performance.now();
    adapter.clock.advance(Math.floor(now - before));
    before += Math.floor(now - before);
  }, 10);
  onTestFinished(() => clearInterval(beat));
  const [plain, secure] = adapter.running.listening;
  return { ...adapter, plain: plain?.port ?? 0, secure: secure?.port ?? 0 };
}

/** Sends, and waits for the answer. Rejects where the connection ends. */
async function ask(socket: Socket, packet: Packet): Promise<number> {
  const began = performance.now();
  socket.write(generate(packet));
  await once(socket, 'data');
  return performance.now() - began;
}

/** How long a device takes until it is accepted. */
async function comesMs(port: number, secure: boolean): Promise<number> {
  const to = { port, host: '127.0.0.1', localAddress: '127.0.9.9' };
  const began = performance.now();
  const socket = secure ? connectTls({ ...to, servername: 'localhost', ca: certificate.cert }) : connect(to);
  await ask(socket, connectPacket('newcomer', 'gw-1@acme'));
  socket.destroy();
  return performance.now() - began;
}

test.each([
  ['silent connections, 500 a second', { perSecond: 500 }, false],
  ['silent connections to the port with TLS', { perSecond: 500 }, true],
  ['TLS handshakes that are begun, 200 a second', { perSecond: 200, says: await clientHello() }, true],
] as const)(
  'during a flood of %s, devices are served and new ones are let in',
  async (name, facts, secure) => {
    // given
    const adapter = await givenAnAdapter();
    const there = connect(adapter.plain, '127.0.0.1');
    await ask(there, connectPacket('there', 'thermostat-7@acme'));
    const port = secure ? adapter.secure : adapter.plain;
    const rssBefore = process.memoryUsage.rss();
    const flood = startConnectionFlood({ ...facts, port, addresses: strangers });
    onTestFinished(() => flood.stop());
    // when
    const answeredMs: number[] = [];
    const cameMs: number[] = [];
    const end = performance.now() + floodSeconds * 1_000;
    for (let i = 0; performance.now() < end; i++) {
      answeredMs.push(await ask(there, publishPacket(1 + (i % 1_000))));
      cameMs.push(await comesMs(port, secure));
      await wait(20);
    }
    // then
    const grownMb = (process.memoryUsage.rss() - rssBefore) / 1_048_576;
    console.log(
      `${name}: ${flood.opened} opened, ${flood.closed} turned away; answers ${quantiles(answeredMs)}; ` +
        `newcomers ${quantiles(cameMs)}; RSS grew by ${grownMb.toFixed(0)} MB, flood included`,
    );
    expect(quantile(cameMs, 0.99)).toBeLessThan(250);
    expect(quantile(answeredMs, 0.99)).toBeLessThan(250);
    expect(grownMb).toBeLessThan(250);
    there.destroy();
  },
);

test('a device is served while another publishes without waiting', async () => {
  // given
  const adapter = await givenAnAdapter();
  // A network that takes a thousand messages a second, one after the other.
  const queue: (() => void)[] = [];
  adapter.sender.outcome = () => new Promise((resolve) => queue.push(() => resolve({ status: 'accepted' })));
  const network = setInterval(() => {
    for (const accept of queue.splice(0, 10)) accept();
  }, 10);
  onTestFinished(() => clearInterval(network));
  const flood = connect(adapter.plain, '127.0.0.1').resume();
  onTestFinished(() => void flood.destroy());
  await ask(flood, connectPacket('flood', 'valve-1@acme'));
  const burst = Buffer.concat(Array.from({ length: 1_000 }, (_, id) => generate(publishPacket(id + 1))));
  void (async () => {
    while (!flood.destroyed) {
      if (!flood.write(burst)) await once(flood, 'drain');
      else await wait(5);
    }
  })().catch(() => {});
  const there = connect(adapter.plain, '127.0.0.1');
  await ask(there, connectPacket('there', 'thermostat-7@acme'));
  // when
  const answeredMs: number[] = [];
  const end = performance.now() + floodSeconds * 1_000;
  for (let i = 0; performance.now() < end; i++) {
    answeredMs.push(await ask(there, publishPacket(1 + (i % 1_000))));
    await wait(20);
  }
  // then
  expect(adapter.sink.events.map(({ type }) => type)).toEqual(['connected', 'connected']);
  console.log(`beside a device that publishes without waiting: answers ${quantiles(answeredMs)}`);
  expect(quantile(answeredMs, 0.99)).toBeLessThan(250);
  there.destroy();
});

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(part * (sorted.length - 1))] ?? 0;
}

function quantiles(values: readonly number[]): string {
  const at = (part: number): string => quantile(values, part).toFixed(1);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`;
}
