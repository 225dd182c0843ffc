import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { expectUnharmed, makeSocketsUnreliable } from '@rollcall/adapter-conformance';
import { startForTest } from '@rollcall/adapter-process/testing';
import { scriptedPassword, loopbackHosts, mutated, seededRandom, sendInPieces } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createTemplateAdapter } from './adapter.ts';
import { limits } from './testing/options.ts';

const allCases = Number(process.env['ROLLCALL_FUZZ_CASES'] ?? 500);
const cases = Math.ceil(allCases / loopbackHosts.length);
const atATime = 25;

/** A conversation that the adapter would take. */
const conversation = [
  `login thermostat-7@acme ${scriptedPassword}`,
  'telemetry text/plain 21.5',
  'ping',
  'event application/json {"alarm": true}',
  'telemetry text/plain',
  'bye',
].map((line) => Buffer.from(`${line}\n`));

test.each(loopbackHosts)(
  `${cases} mutated conversations on %s, and sockets that fail: no crash, no unmatched event, and an honest device notices nothing`,
  { timeout: 60_000 + cases * 20 },
  async (host) => {
    const adapter = await startForTest(createTemplateAdapter({ ...limits, plain: { host, port: 0 } }));
    const { port } = adapter.address;
    const random = seededRandom(20_261_124);

    const honest = connect(port, host);
    const answers = createInterface({ input: honest })[Symbol.asyncIterator]();
    honest.write(`login valve-1@acme ${scriptedPassword}\n`);
    expect((await answers.next()).value).toBe('ok');

    const play = (): Promise<void> => sendInPieces(port, mutated(conversation, random), random, host);

    for (let played = 0; played < cases; played += atATime) {
      const mend = makeSocketsUnreliable(random);
      await Promise.all(Array.from({ length: Math.min(atATime, cases - played) }, play));
      mend();
      honest.write('ping\n');
      expect((await answers.next()).value).toBe('ok');
    }

    // Some conversations were accepted: what the fuzz does not reach, it does not test.
    await adapter.events(cases / 5);
    honest.destroy();
    await adapter.running.stop({ graceMs: 0 });
    expect(adapter.clock.armed).toBe(0);

    expectUnharmed(adapter, true);
  },
);
