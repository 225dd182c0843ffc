// A floor: fastify as it comes, with what no adapter can leave out. A keyed hash says who asks, rhea sends one encoded message to
// the network, and 202 is answered once that is accepted: sending-fastify.mjs <network port> <address> <devices>
import { hash, randomBytes } from 'node:crypto';
import { fastify } from 'fastify';
import rhea from 'rhea';
import { encodedTelemetry } from '../load/encoded-telemetry.mjs';
import { deviceId, password, tenant } from './stack.mjs';

const [networkPort, address = '', devices] = process.argv.slice(2);
const key = randomBytes(32);
const keyed = (/** @type {string} */ authorization) =>
  hash('sha512-256', Buffer.concat([key, Buffer.from(authorization)]), 'base64');
const known = new Set(
  Array.from({ length: Number(devices) }, (_, index) => {
    const credentials = `${deviceId(index)}@${tenant}:${password}`;
    return keyed(`Basic ${Buffer.from(credentials).toString('base64')}`);
  }),
);

const connection = rhea
  .create_container()
  .connect({ host: '127.0.0.1', port: Number(networkPort), tcp_no_delay: true });
const sender = connection.open_sender({ target: { address }, autosettle: true });
await new Promise((resolve) => sender.once('sendable', resolve));
const message = encodedTelemetry(address);
/** Who waits for an outcome, by delivery. @type {Map<import('rhea').Delivery, (status: number) => void>} */
const waiting = new Map();
let tag = 0;
for (const [event, status] of /** @type {const} */ ([
  ['accepted', 202],
  ['released', 503],
]))
  sender.on(event, (/** @type {import('rhea').EventContext} */ { delivery }) => {
    if (!delivery) return;
    waiting.get(delivery)?.(status);
    waiting.delete(delivery);
  });

const app = fastify();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
app.post('/telemetry', async ({ headers }, reply) => {
  if (!known.has(keyed(headers.authorization ?? ''))) return reply.code(401).send();
  while (!sender.sendable()) await new Promise((resolve) => sender.once('sendable', resolve));
  // A tag of its own lets rhea send bytes that are encoded already.
  const delivery = sender.send(message, Buffer.from(String(tag++)), 0);
  const status = await new Promise((resolve) => waiting.set(delivery, resolve));
  return reply.code(status).send();
});
await app.listen({ host: '127.0.0.1', port: 0 });
const bound = app.server.address();
process.send?.(typeof bound === 'object' ? bound?.port : undefined);
