import { createPresenceTable } from '@rollcall/client';
import { decodeEvent, type ReceivedEvent } from '@rollcall/hono-wire';
import type { EventRecord } from '../../faults/support/record.ts';
import { tenants } from '../../faults/support/stage.ts';
import { startProtonConsumer } from '../proton-consumer.ts';
import type { InteropNetwork } from './interop-network.ts';

/** Everything that consumers on Qpid Proton got, of all tenants. They outlast restarts of the network. */
export async function keepProtonRecord(network: InteropNetwork): Promise<EventRecord> {
  const events: ReceivedEvent[] = [];
  const table = createPresenceTable();
  const consumers = await Promise.all(
    tenants.map((tenant) =>
      startProtonConsumer({
        url: `amqp://127.0.0.1:${network.port}`,
        ...network.source('event', tenant),
      }),
    ),
  );
  for (const consumer of consumers)
    consumer.onMessage(({ contentType, body, annotations, properties }) => {
      const event = decodeEvent({
        contentType,
        body: Buffer.from(body),
        annotations,
        applicationProperties: properties,
      });
      if (event.type !== 'connected' && event.type !== 'disconnected')
        throw new Error('not an event of ours');
      if (event.announcement) return;
      events.push(event);
      table.apply(event);
    });
  return {
    events,
    table,
    close: async () => void (await Promise.all(consumers.map((consumer) => consumer.close()))),
  };
}
