import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expectUnharmed, makeSocketsUnreliable } from '@rollcall/adapter-conformance';
import { startForTest } from '@rollcall/adapter-process/testing';
import { seededRandom } from '@rollcall/conformance';
import { mutated, sendInPieces } from '@rollcall/conformance/hostile';
import { loopbackHosts } from '@rollcall/conformance/machine';
import { scriptedPassword } from '@rollcall/conformance/registry';
import rhea from 'rhea';
import { expect, test } from 'vitest';
import { createAmqpAdapter } from './adapter.ts';
import { limits } from './testing/options.ts';

const allCases = Number(process.env['ROLLCALL_FUZZ_CASES'] ?? 200);
const cases = Math.ceil(allCases / loopbackHosts.length);
const atATime = 25;

/** What a real client says, chunk by chunk, up to three messages. */
async function recordedConversation(host: string, port: number): Promise<readonly Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  const connection = rhea.create_container({ id: 'recorded' }).connect({
    host,
    port,
    reconnect: false,
    username: 'thermostat-7@acme',
    password: scriptedPassword,
  });
  const { socket } = connection as unknown as { readonly socket: Socket };
  const write = socket.write.bind(socket);
  socket.write = (bytes: Uint8Array) => {
    chunks.push(Uint8Array.from(bytes));
    return write(bytes);
  };
  const sender = connection.open_sender({ target: {} });
  await once(sender, 'sendable');
  for (let sent = 0; sent < 3; sent++) {
    sender.send({ to: sent === 1 ? 'event' : 'telemetry', body: 'x', content_type: 'text/plain' });
    await once(sender, 'accepted');
  }
  connection.close();
  await once(connection, 'connection_close');
  return chunks;
}

test.each(loopbackHosts)(
  `${cases} mutated conversations on %s, and sockets that fail: no crash, no unmatched event, and an honest device notices nothing`,
  { timeout: 180_000 + cases * 20 },
  async (host) => {
    const adapter = await startForTest(createAmqpAdapter({ ...limits, plain: { host, port: 0 } }));
    const { port } = adapter.address;
    const random = seededRandom(20_261_124);
    const conversation = await recordedConversation(host, port);

    const honest = rhea.create_container({ id: 'honest' }).connect({
      host,
      port,
      reconnect: false,
      username: 'valve-1@acme',
      password: scriptedPassword,
    });
    const sender = honest.open_sender({ target: {} });
    await once(sender, 'sendable');

    const play = (): Promise<void> => sendInPieces(port, mutated(conversation, random), random, host);
    for (let played = 0; played < cases; played += atATime) {
      const mend = makeSocketsUnreliable(random);
      await Promise.all(Array.from({ length: Math.min(atATime, cases - played) }, play));
      mend();
      const accepted = once(sender, 'accepted');
      sender.send({ to: 'telemetry', body: 'x' });
      await accepted;
    }

    // Some conversations were accepted: what the fuzz does not reach, it does not test.
    await adapter.events(cases / 5);
    honest.close();
    await once(honest, 'connection_close');
    await adapter.running.stop({ graceMs: 0 });
    expect(adapter.clock.armed).toBe(0);

    expectUnharmed(adapter, true);
  },
);
