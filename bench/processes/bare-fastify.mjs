// A floor: fastify as it comes, answering every POST with 202.
import { fastify } from 'fastify';

const app = fastify();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
app.post('/telemetry', async (_request, reply) => reply.code(202).send());
await app.listen({ host: '127.0.0.1', port: 0 });
const address = app.server.address();
process.send?.(typeof address === 'object' ? address?.port : undefined);
