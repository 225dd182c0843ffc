import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expectUnharmed } from '@rollcall/adapter-conformance';
import { startForTest } from '@rollcall/adapter-process/testing';
import { seededRandom } from '@rollcall/conformance';
import { scriptedKey } from '@rollcall/conformance/registry';
import { expect, test } from 'vitest';
import { createCoapAdapter } from './adapter.ts';
import { createCoapDevice } from './testing/coap-device.ts';
import { options } from './testing/options.ts';

const cases = Number(process.env['ROLLCALL_FUZZ_CASES'] ?? 200);
const atATime = 25;

type SeededRandom = ReturnType<typeof seededRandom>;

/** The same request under another message id: otherwise it would count as a copy. */
function renumbered(request: Uint8Array, random: SeededRandom): Uint8Array {
  const bytes = Buffer.from(request);
  bytes.writeUInt16BE(random.pick(65_536), 2);
  return bytes;
}

/** A datagram with some of its bytes changed, cut, or made up. */
function mutated(datagram: Uint8Array, random: SeededRandom): Uint8Array {
  const bytes = Buffer.from(datagram);
  for (let changes = random.pick(6); changes > 0 && bytes.length > 0; changes--)
    bytes[random.pick(bytes.length)] = random.pick(256);
  const cut = random.pick(3) === 0 ? bytes.subarray(0, random.pick(bytes.length)) : bytes;
  return random.pick(5) === 0 ? Buffer.concat([cut, random.bytes(random.pick(200))]) : cut;
}

test(
  `${cases} mutated conversations: no crash, no unmatched event, and an honest device notices nothing`,
  { timeout: 180_000 + cases * 20 },
  async () => {
    const adapter = await startForTest(
      createCoapAdapter({
        ...options,
        plain: { host: '127.0.0.1', port: 0 },
        authenticationRequired: false,
        maxAssociations: 100_000,
        endLeasesAtShutdown: true,
      }),
    );
    const [secure, plain] = adapter.running.listening;
    if (!secure || !plain) throw new Error('a port is closed');
    const random = seededRandom(20_261_125);
    const identity = (device: string) => ({ identity: Buffer.from(`${device}@acme`), secret: scriptedKey });

    // What a real device sends, below DTLS and within.
    const handshake: Buffer[] = [];
    const requests: Buffer[] = [];
    let recording = true;
    const recorded = createCoapDevice(secure.port, {
      psk: identity('valve-1'),
      onDatagram: (datagram) => recording && handshake.push(datagram),
      onCoap: (message) => recording && requests.push(message),
    });
    await recorded.connect();
    await recorded.send('telemetry?hono-ttd=0');
    await recorded.send('event/acme/valve-1', { code: 3 });
    await recorded.send('event', { payload: Buffer.alloc(300), blockBytes: 128 });
    await recorded.coap.ping();
    recording = false;

    const honest = createCoapDevice(secure.port, { psk: identity('thermostat-7') });
    expect(await honest.connect()).toBe(true);

    /** One hostile conversation, of one of three kinds. */
    async function play(): Promise<void> {
      const kind = random.pick(3);
      if (kind === 0) {
        for (const request of requests)
          if (random.pick(3) > 0) recorded.dtls.send(mutated(renumbered(request, random), random));
        return;
      }
      const socket = createSocket('udp4');
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
      const [datagrams, port] =
        kind === 1
          ? [handshake, secure?.port]
          : [requests.map((request) => renumbered(request, random)), plain?.port];
      for (const datagram of datagrams)
        if (random.pick(4) > 0) socket.send(mutated(datagram, random), port ?? 0, '127.0.0.1');
      await new Promise((resolve) => setImmediate(resolve));
      socket.close();
    }

    for (let played = 0; played < cases; played += atATime) {
      await Promise.all(Array.from({ length: Math.min(atATime, cases - played) }, play));
      expect(await honest.send('event')).toBe('2.04');
      adapter.clock.advance(100);
    }

    // Some messages got through: otherwise the fuzz would test nothing behind DTLS.
    expect(adapter.sender.messages.length).toBeGreaterThan(cases / 5);
    expect(recorded.dtls.isOpen).toBe(true);
    honest.vanish();
    recorded.vanish();
    await adapter.running.stop({ graceMs: 0 });
    expect(adapter.clock.armed).toBe(0);
    expectUnharmed(adapter);
  },
);
