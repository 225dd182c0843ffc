import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { seededRandom } from '@rollcall/conformance';
import { silentLog } from '@rollcall/core/environment';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { createTestBed, startScriptedPeer } from './testing/index.ts';

const cases = Number(process.env['ROLLCALL_FUZZ_CASES'] ?? 100);

const bed = createTestBed();
afterEach(() => bed.closeAll());

const patient = { creditWaitMs: 5_000, outcomeTimeoutMs: 5_000 };
const message = new Uint8Array([0x00, 0x53, 0x77, 0xa1, 0x01, 0x78]);

/** Stands between a client and its network, and is hostile for this many connections: it changes, cuts or doubles the network's bytes. */
async function hostileRelay(port: number, connections: number) {
  const random = seededRandom(20_261_128);
  let left = connections;
  let changed = 0;

  function change(bytes: Buffer): Buffer {
    changed++;
    const copy = Buffer.from(bytes);
    for (let changes = 1 + random.pick(4); changes > 0; changes--)
      copy[random.pick(copy.length)] = random.pick(256);
    if (random.pick(5) === 0) return copy.subarray(0, random.pick(copy.length));
    return random.pick(5) === 0 ? Buffer.concat([copy, copy]) : copy;
  }

  function relay(client: Socket): void {
    const network = connect(port, '127.0.0.1');
    const isHostile = left > 0;
    left--;
    let honestChunks = random.pick(8);
    for (const socket of [client, network]) socket.on('error', () => {});
    client.on('data', (bytes) => network.write(bytes));
    client.on('close', () => network.destroy());
    network.on('close', () => client.destroy());
    network.on('data', (bytes: Buffer) => {
      if (!isHostile || honestChunks-- > 0) {
        client.write(bytes);
        return;
      }
      client.write(change(bytes));
      // The client reacts at once, or never.
      let turns = 10;
      const wait = (): void => void (turns-- > 0 ? setImmediate(wait) : network.destroy());
      wait();
    });
  }

  const server = createServer(relay);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    isOver: () => left <= 0,
    changed: () => changed,
    close: async () => void server.close(),
  };
}

test(
  `${cases} connections to a network that sends anything do not end the process, and the client uses the next honest one`,
  { timeout: 180_000 + cases * 50 },
  async () => {
    const peer = await startScriptedPeer();
    bed.own(peer);
    const relay = await hostileRelay(peer.port, cases);
    bed.own(relay);
    const errors: object[] = [];
    // rhea prints frames that it does not understand, for every second connection.
    for (const method of ['log', 'warn', 'error'] as const)
      vi.spyOn(console, method).mockImplementation(() => {});
    onTestFinished(() => void vi.restoreAllMocks());
    const connection = bed.connectTo(relay.port, {
      log: { ...silentLog, error: (facts) => void errors.push(facts) },
      redial: { minDelayMs: 0, maxDelayMs: 1, incrementMs: 0 },
    });
    connection.openReceiver('events', { credit: 10, temporary: false, onMessage: async () => 'accepted' });
    const link = connection.openSender('q', patient);
    while (!relay.isOver()) {
      const stop = new AbortController();
      const sent = link.send(message, { signal: stop.signal }).catch(() => {});
      await Promise.race([sent, new Promise((resolve) => setTimeout(resolve, 5))]);
      stop.abort();
    }
    expect(relay.changed()).toBeGreaterThan(cases / 2);
    await expect.poll(async () => (await link.send(message)).status).toBe('accepted');
    expect(errors).toEqual([]);
  },
);
