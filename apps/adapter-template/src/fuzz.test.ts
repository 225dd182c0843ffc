import { connect } from 'node:net';
import { expectUnharmed, makeSocketsUnreliable } from '@rollcall/adapter-conformance';
import { startForTest } from '@rollcall/adapter-process/testing';
import { seededRandom } from '@rollcall/conformance';
import { mutated, sendInPieces } from '@rollcall/conformance/hostile';
import { loopbackHosts } from '@rollcall/conformance/machine';
import { expect, test } from 'vitest';
import { createTemplateAdapter } from './adapter.ts';
import { connectDevice, welcome } from './testing/connect-device.ts';
import { endOfTalk, says } from './testing/says.ts';
import { limits } from './testing/options.ts';

const allCases = Number(process.env['ROLLCALL_FUZZ_CASES'] ?? 200);
const cases = Math.ceil(allCases / loopbackHosts.length);
const atATime = 25;

/** A conversation that the adapter would take. */
const conversation = [
  says.login(),
  says.telemetry('text/plain', '21.5'),
  says.ping,
  says.event('application/json', '{"alarm": true}'),
  says.telemetry('text/plain', ''),
  ...endOfTalk,
];

test.each(loopbackHosts)(
  `${cases} mutated conversations on %s, and sockets that fail: no crash, no unmatched event, and an honest device notices nothing`,
  { timeout: 180_000 + cases * 20 },
  async (host) => {
    const adapter = await startForTest(createTemplateAdapter({ ...limits, plain: { host, port: 0 } }));
    const { port } = adapter.address;
    const random = seededRandom(20_261_124);

    const honest = connectDevice(port, connect(port, host));
    expect(await honest.logIn('valve-1@acme')).toBe(welcome);

    const play = (): Promise<void> => sendInPieces(port, mutated(conversation, random), random, host);

    for (let played = 0; played < cases; played += atATime) {
      const mend = makeSocketsUnreliable(random);
      await Promise.all(Array.from({ length: Math.min(atATime, cases - played) }, play));
      mend();
      expect(await honest.isServed()).toBe(true);
    }

    // Some conversations were accepted: what the fuzz does not reach, it does not test.
    await adapter.events(cases / 5);
    honest.socket.destroy();
    await adapter.running.stop({ graceMs: 0 });
    expect(adapter.clock.armed).toBe(0);

    expectUnharmed(adapter, true);
  },
);
