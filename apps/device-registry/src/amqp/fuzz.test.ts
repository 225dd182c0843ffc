import { once } from 'node:events';
import type { Socket } from 'node:net';
import { seededRandom } from '@rollcall/conformance';
import { mutated, sendInPieces } from '@rollcall/conformance/hostile';
import { expect, test } from 'vitest';
import { AmqpClient } from '../testing/amqp-client.ts';
import { memoryStore } from '../testing/memory-store.ts';
import { startServices } from '../testing/start-services.ts';

const cases = Math.ceil(Number(process.env['ROLLCALL_FUZZ_CASES'] ?? 500) / 4);
const atATime = 25;

/** What a real client sends, chunk by chunk: two links, and three requests. */
async function recordedConversation(port: number): Promise<readonly Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  const client = new AmqpClient(port);
  const { socket } = client.connection as unknown as { readonly socket: Socket };
  const write = socket.write.bind(socket);
  socket.write = (bytes: Uint8Array) => {
    chunks.push(Uint8Array.from(bytes));
    return write(bytes);
  };
  const tenants = await client.service('tenant');
  for (const id of ['acme', 'other', 'third']) await tenants.ask('get', { body: { 'tenant-id': id } });
  client.connection.close();
  await once(client.connection, 'connection_close');
  return chunks;
}

test(
  `${cases} mutated conversations: no crash, nothing is left of them, and an honest client notices nothing`,
  { timeout: 180_000 + cases * 20 },
  async () => {
    const { store, tenant } = memoryStore();
    await tenant('acme');
    const { port, listener, clock, failures, answers } = await startServices(store, {
      maxClients: 1_000,
    });
    const random = seededRandom(20_261_129);
    const conversation = await recordedConversation(port);
    const honest = new AmqpClient(port);
    const tenants = await honest.service('tenant');
    for (let played = 0; played < cases; played += atATime) {
      await Promise.all(
        Array.from({ length: Math.min(atATime, cases - played) }, () =>
          sendInPieces(port, mutated(conversation, random), random),
        ),
      );
      expect(await tenants.ask('get', { body: { 'tenant-id': 'acme' } })).toMatchObject({ status: 200 });
    }
    // Some conversations got an answer: otherwise the fuzz would test only their beginning.
    expect(answers.length).toBeGreaterThan(cases / 5);
    honest.connection.close();
    await once(honest.connection, 'connection_close');
    await listener.stopAccepting();
    await listener.close();
    expect(listener.clients).toBe(0);
    expect(clock.armed).toBe(0);
    expect(failures).toEqual([]);
  },
);
