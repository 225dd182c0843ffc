import { ManualClock, seededRandom, settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import type { CipherSuiteName } from '../crypto/cipher-suite.ts';
import { createTestBed, sensor1, type TestDevice } from '../testing/test-bed.ts';

const cases = Number(process.env['ROLLCALL_FUZZ_CASES'] ?? 500);
const casesAtATime = 20;
const patience = 600_000;

type SeededRandom = ReturnType<typeof seededRandom>;

const suites: readonly CipherSuiteName[] = [
  'TLS_PSK_WITH_AES_128_CCM_8',
  'TLS_PSK_WITH_AES_128_CCM_8',
  'TLS_PSK_WITH_AES_128_CBC_SHA256',
  'TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8',
];

/** Datagrams made of one: changed, cut, longer, doubled, mixed with what others sent before, or unchanged. */
function mutated(datagram: Buffer, heard: readonly Buffer[], random: SeededRandom): readonly Buffer[] {
  const changed = Buffer.from(datagram);
  for (let i = random.pick(4); i > 0; i--) changed[random.pick(changed.length)] = random.pick(256);
  const other = heard[random.pick(heard.length)] ?? datagram;
  const cut = changed.subarray(0, random.pick(changed.length + 1));
  const whole = Buffer.from(random.bytes(random.pick(300)));
  const ways: readonly (readonly Buffer[])[] = [
    [datagram],
    [datagram],
    [changed],
    [changed, datagram],
    [datagram, datagram],
    [cut, datagram],
    [Buffer.concat([cut, other]), datagram],
    [Buffer.concat([datagram, whole])],
    [other, datagram],
    [whole],
    [withLength(changed, random), datagram],
    [],
  ];
  return ways[random.pick(ways.length)] ?? [];
}

/** One of the length fields gets another value: of the record, the message, the fragment or its offset. */
function withLength(datagram: Buffer, random: SeededRandom): Buffer {
  const at = [11, 15, 20, 23][random.pick(4)] ?? 0;
  if (at + 2 <= datagram.length)
    datagram.writeUInt16BE([0, 1, 0xff, 0xff_ff, random.pick(400)][random.pick(5)] ?? 0, at);
  return datagram;
}

test(
  `${cases} mutated conversations harm no other client`,
  async () => {
    // given
    const random = seededRandom(20_260_101);
    const heard: Buffer[] = [];
    const problems: string[] = [];
    const bed = createTestBed({
      clock: new ManualClock(),
      settled,
      server: { connectionIdBytes: 4, idleTimeoutMs: 30_000, handshakeTimeoutMs: 20_000 },
    });
    const { server, device, run, runFor, forge, answers, log } = bed;

    function aDevice(network?: (datagram: Buffer) => readonly Buffer[]): TestDevice {
      const name = suites[random.pick(suites.length)] ?? 'TLS_PSK_WITH_AES_128_CCM_8';
      const options = {
        ...sensor1,
        cipherSuites: [name],
        ...(random.pick(2) === 0 && { connectionId: Buffer.from(random.bytes(random.pick(9))) }),
        ...(random.pick(3) === 0 && { maxDatagramBytes: 120 + random.pick(400) }),
        ...(random.pick(4) === 0 && { extendedMasterSecret: false }),
        ...(random.pick(4) === 0 && { encryptThenMac: false }),
      };
      return device(options, undefined, network);
    }

    /** A stranger sends something: the answer is never longer. */
    function probe(port: number): void {
      const before = answers.length;
      const known = log.length;
      const from = heard[random.pick(heard.length)] ?? Buffer.alloc(9);
      const [datagram = Buffer.from(random.bytes(random.pick(200)))] = mutated(from, heard, random);
      forge(datagram, { address: '10.0.0.1', port });
      // A datagram of these conversations may be a device's own, late and by another path: with a connection id that is allowed.
      if (log.length > known) return;
      const answered = answers.slice(before).reduce((sum, { length }) => sum + length, 0);
      if (answered > datagram.length) problems.push(`${answered} bytes for ${datagram.length}`);
    }

    const sent = new Set<string>();
    for (let done = 0; done < cases; done += casesAtATime) {
      // when
      const hostile = Array.from({ length: casesAtATime }, () =>
        aDevice((datagram) => {
          heard[heard.length < 500 ? heard.length : random.pick(500)] = datagram;
          return mutated(datagram, heard, random);
        }),
      );
      const honest = Array.from({ length: 5 }, () => aDevice());
      for (const { client } of [...hostile, ...honest]) client.connect();
      for (let i = 0; i < 20; i++) probe(1 + random.pick(60_000));
      await runFor(random.pick(4) === 0 ? 3_000 : 0);
      for (const { client, peer } of [...hostile, ...honest])
        for (let i = 0; i < 3; i++) {
          const text = `${peer.port}/${i}`;
          if (client.isOpen) client.send(Buffer.from(text));
          sent.add(text);
        }
      await run();
      // then
      for (const { client, received } of honest)
        if (!client.isOpen || received.length !== 3) problems.push(`an honest device was harmed at ${done}`);
      for (const { client } of hostile) client.vanish();
      for (const { client } of honest) client.close();
      await runFor(1_000);
    }
    const said = log.filter((line) => line.startsWith('message')).map((line) => line.split(' ').at(-1) ?? '');
    expect(said.filter((text) => !sent.has(text))).toEqual([]);
    expect(new Set(said).size).toBe(said.length);
    expect(problems).toEqual([]);
    await runFor(60_000);
    expect(server).toMatchObject({ pendingHandshakes: 0, associations: 0 });
    expect(server.counters.handshakes).toBeGreaterThan(cases / 4);
    for (const reason of [
      'malformed',
      'unexpected',
      'unknown-association',
      'not-authentic',
      'replayed',
    ] as const)
      expect(server.counters.dropped[reason], reason).toBeGreaterThan(0);
  },
  patience,
);
