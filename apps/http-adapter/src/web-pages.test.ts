import { describe, expect, test } from 'vitest';
import { givenAnAdapter, send } from './testing/http-bed.ts';

describe('web pages (CORS)', () => {
  const preflight = (port: number, path: string, method: string) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'OPTIONS',
      headers: { origin: 'https://shop.example', 'access-control-request-method': method },
    });

  test.each([
    ['/telemetry', 'POST', 'QoS-Level,hono-ttd,authorization,content-type'],
    ['/event/', 'POST', 'hono-ttd,authorization,content-type'],
    ['/event/acme/valve-1', 'PUT', 'hono-ttd,authorization,content-type'],
    ['/command/res/1', 'PUT,POST', 'hono-cmd-status,authorization,content-type'],
  ])('a web page may ask for %s', async (path, methods, headers) => {
    const { port } = await givenAnAdapter();
    const answer = await preflight(port, path, 'PUT');
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-allow-methods')).toBe(methods);
    expect(answer.headers.get('access-control-allow-headers')).toBe(headers);
  });

  test('web pages of other origins are refused, and so is a path that does not exist', async () => {
    const { port } = await givenAnAdapter({ allowedOrigin: /^(?:https:\/\/only\.example)$/ });
    const answer = await preflight(port, '/telemetry', 'POST');
    expect(answer.status).toBe(403);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect((await preflight(port, '/nothing', 'POST')).status).toBe(404);
    const upload = await send(port, '/telemetry', { headers: { origin: 'https://only.example' } });
    expect(upload.headers.get('access-control-allow-origin')).toBe('https://only.example');
    expect(upload.headers.get('access-control-expose-headers')).toBe('hono-command,hono-cmd-req-id');
    expect(upload.headers.get('vary')).toBe('origin');
    const foreign = await send(port, '/telemetry', { headers: { origin: 'https://shop.example' } });
    expect(foreign.status).toBe(403);
  });
});
