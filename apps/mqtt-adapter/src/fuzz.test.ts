import { connect } from 'node:net';
import { expectUnharmed, makeSocketsUnreliable } from '@rollcall/adapter-conformance';
import { startForTest } from '@rollcall/adapter-process/testing';
import { seededRandom } from '@rollcall/conformance';
import { mutated, sendInPieces } from '@rollcall/conformance/hostile';
import { loopbackHosts } from '@rollcall/conformance/machine';
import { scriptedPassword } from '@rollcall/conformance/registry';
import { generate, parser, type Packet } from 'mqtt-packet';
import { expect, test } from 'vitest';
import { createMqttAdapter } from './adapter.ts';

const allCases = Number(process.env['ROLLCALL_FUZZ_CASES'] ?? 200);
const cases = Math.ceil(allCases / loopbackHosts.length);
const atATime = 50;

const login = { username: 'thermostat-7@acme', password: Buffer.from(scriptedPassword) };
const publish = { cmd: 'publish', payload: Buffer.from('21.5'), dup: false, retain: false } as const;

/** A conversation that the adapter would take, as packets. */
function conversation(version: 4 | 5, clientId: string): Packet[] {
  return [
    {
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: version,
      clean: true,
      clientId,
      keepalive: 60,
      ...login,
    },
    { ...publish, topic: 'telemetry', qos: 0 },
    { ...publish, topic: 'event/?content-type=text/plain', qos: 1, messageId: 1 },
    { cmd: 'subscribe', messageId: 2, subscriptions: [{ topic: 'command///req/#', qos: 1 }] },
    { ...publish, topic: 'telemetry/acme/valve-1/?on-error=ignore', qos: 2, messageId: 3 },
    { cmd: 'unsubscribe', messageId: 4, unsubscriptions: ['command///req/#'] },
    { cmd: 'pingreq' },
    { cmd: 'disconnect' },
  ] as Packet[];
}

test.each(loopbackHosts)(
  `${cases} mutated conversations on %s, over sockets that fail, cause no crash and no unmatched event, and an honest device is served`,
  { timeout: 180_000 + cases * 20 },
  async (host) => {
    const adapter = await startForTest(
      createMqttAdapter({
        plain: { host, port: 0 },
        maxPayloadBytes: 2_048,
        authenticationRequired: true,
        connectTimeoutMs: 2_000,
        maxPendingSockets: 1_000,
        idleLimitMs: 1_800_000,
      }),
    );
    const { port } = adapter.address;
    const random = seededRandom(20_261_124);

    const honest = connect(port, host);
    const answers: Packet[] = [];
    const incoming = parser();
    incoming.on('packet', (packet) => answers.push(packet));
    honest.on('data', (bytes) => incoming.parse(bytes));
    const [hello] = conversation(4, 'honest');
    honest.write(generate({ ...hello, username: 'valve-1@acme' } as Packet));
    await adapter.events(1);
    const heapBefore = process.memoryUsage().heapUsed;

    async function play(index: number): Promise<void> {
      const version = random.pick(2) === 0 ? 4 : 5;
      const packets = conversation(version, `fuzz-${index}`);
      const bytes = mutated(
        packets.map((packet) => generate(packet, { protocolVersion: version })),
        random,
      );
      await sendInPieces(port, bytes, random, host);
    }

    for (let index = 0; index < cases; index += atATime) {
      const mend = makeSocketsUnreliable(random);
      await Promise.all(
        Array.from({ length: Math.min(atATime, cases - index) }, (_, offset) => play(index + offset)),
      );
      mend();
      const before = answers.length;
      honest.write(generate({ cmd: 'pingreq' }));
      while (answers.length === before) await new Promise((resolve) => setTimeout(resolve, 1));
      expect(answers.at(-1)?.cmd).toBe('pingresp');
    }

    globalThis.gc?.();
    expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(200_000_000);
    honest.destroy();
    // Some conversations were accepted: what the fuzz does not reach, it does not test.
    await adapter.events(cases / 10);
    await adapter.running.stop({ graceMs: 0 });

    expectUnharmed(adapter, true);
  },
);
