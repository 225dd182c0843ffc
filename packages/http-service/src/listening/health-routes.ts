import type { HealthAnswers } from '@rollcall/adapter-process/internal';
import { healthJson, renderOnce } from '@rollcall/adapter-process/internal';
import type { FastifyInstance } from 'fastify';

/** The routes about the service itself, on the port of the API. They are the same on the health port. */
export type HealthTexts = Pick<HealthAnswers, 'started' | 'readiness' | 'metrics'>;

/** The answers name no device and no tenant, so no token is needed. */
export function healthRoutes(app: FastifyInstance, health: HealthTexts): void {
  const checks = (path: string, ask: HealthAnswers['readiness']): void =>
    void app.get(path, async (_request, reply) => {
      const { status, text } = healthJson(await ask());
      return reply.code(status).type('application/json').send(text);
    });
  checks('/started', health.started);
  checks('/readiness', health.readiness);
  checks('/liveness', () => [{ name: 'event-loop-blocked-check', status: 'UP' }]);
  const metrics = renderOnce(() => health.metrics());
  app.get('/metrics', async (_request, reply) => {
    const { contentType, text } = await metrics();
    return reply.type(contentType).send(text);
  });
}
