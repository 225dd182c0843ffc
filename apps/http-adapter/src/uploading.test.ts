import { settled } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { causes, emptyNotification, givenAnAdapter, type RequestFacts, send } from './testing/http-bed.ts';

describe('HTTP uploads', () => {
  test('telemetry and events reach the network as the device sent them', async () => {
    const { port, sender } = await givenAnAdapter();
    const telemetry = await send(port, '/telemetry?hono-ttd=0', { body: '{"temp":21}' });
    expect([telemetry.status, await telemetry.text()]).toEqual([202, '']);
    await send(port, '/event', {
      headers: {
        'hono-ttl': '30',
        'content-type': 'text/plain',
        traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      },
      body: 'hot',
    });
    expect(sender.messages).toMatchObject([
      {
        endpoint: 'telemetry',
        qos: 0,
        contentType: 'application/json',
        origAdapter: 'hono-http',
        origAddress: '/telemetry?hono-ttd=0',
        device: { tenant: 'acme', device: 'thermostat-7' },
      },
      { endpoint: 'event', qos: 1, contentType: 'text/plain', ttlMs: 30_000, origAddress: '/event' },
    ]);
    expect(Buffer.from(sender.messages[0]?.payload ?? []).toString()).toBe('{"temp":21}');
    expect(sender.messages[1]?.traceParent).toContain('a'.repeat(32));
    expect(sender.messages.some(({ ttdSeconds }) => ttdSeconds !== undefined)).toBe(false);
  });

  test.each([
    ['/telemetry/acme/valve-1', 202],
    ['/telemetry//valve-1', 202],
    ['/event//valve-1', 202],
    ['/telemetry//gw-1', 202],
    ['/telemetry//nobody', 403],
    ['/telemetry//thermostat-7', 403],
    ['/telemetry/umbrella/valve-1', 403],
    ['/event/acme/valve-1/', 202],
    ['/event//valve-1/and/more', 202],
    ['/event/umbrella/valve-1/more', 403],
    ['/event/acme/', 404],
    ['/event/acme', 404],
    ['/event', 404],
    [`/event//${'x'.repeat(1_100)}`, 414],
  ])('a gateway that sends PUT to %s is answered %i', async (path, status) => {
    const adapter = await givenAnAdapter();
    const answer = await send(adapter.port, path, { method: 'PUT', username: 'gw-1@acme' });
    expect(answer.status).toBe(status);
    if (status !== 202) expect(await answer.json()).toEqual({ error: expect.any(String) });
    await settled();
    expect(adapter.sink.events.map(({ type, device }) => [type, device.device])).toEqual(
      status === 414 ? [] : [['connected', 'gw-1']],
    );
  });

  test.each<[string, string, RequestFacts, number]>([
    ['no credentials', '/event', { headers: { authorization: '' } }, 401],
    ['no token', '/event', { headers: { authorization: 'Bearer abc' } }, 401],
    ['another scheme', '/event', { headers: { authorization: 'Digest abc' } }, 401],
    ['malformed credentials', '/event', { headers: { authorization: 'Basic ***' } }, 400],
    ['credentials without a colon', '/event', { headers: { authorization: 'Basic YWJj' } }, 401],
    ['QoS 2', '/telemetry', { headers: { 'qos-level': '2' } }, 400],
    ['an event of QoS 0', '/event', { headers: { 'qos-level': '0' } }, 400],
    ['a body with an empty notification', '/event', { headers: { 'content-type': emptyNotification } }, 400],
    ['no body and no content type', '/telemetry', { headers: { 'content-type': '' }, body: '' }, 400],
    ['a body that is too large', '/telemetry', { body: 'x'.repeat(3_000) }, 413],
    ['another path', '/t', {}, 404],
    ['another method', '/telemetry', { method: 'DELETE' }, 405],
    ['an answer to a command', '/command/res/1', {}, 501],
  ])('%s is answered with an error status', async (_what, path, facts, status) => {
    const { port, sender } = await givenAnAdapter();
    const answer = await send(port, path, facts);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await answer.json()).toEqual({ error: expect.stringMatching(/./) });
    expect(answer.headers.get('www-authenticate')).toBe(
      status === 401 ? 'Basic realm="Hono", Bearer realm="Hono"' : null,
    );
    expect(sender.messages).toEqual([]);
  });

  test.each([
    [400, 400, null],
    [404, 404, null],
    [429, 429, '2'],
    [500, 503, '2'],
    [503, 503, '2'],
  ] as const)('where the network answers %i, the device is answered %i', async (status, told, retryAfter) => {
    const { port, sender } = await givenAnAdapter();
    sender.outcome = () => ({ status: 'failed', failure: { status, text: 'no' } });
    const answer = await send(port, '/telemetry');
    expect(answer.status).toBe(told);
    expect(answer.headers.get('retry-after')).toBe(retryAfter);
  });

  test('a device over its message rate is answered 429, and its requests still prove its presence', async () => {
    const adapter = await givenAnAdapter({}, { settings: { maxMessagesPerSecond: 10 } });
    for (let sent = 0; sent < 10; sent++) expect((await send(adapter.port, '/event')).status).toBe(202);
    const answer = await send(adapter.port, '/event');
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '2']);
    expect(causes(adapter)).toEqual(['connected']);
    await adapter.clock.advanceAsync(100);
    expect((await send(adapter.port, '/event')).status).toBe(202);
  });

  test('while the registry is away, a device is answered 503 with Retry-After', async () => {
    const { port, registry } = await givenAnAdapter();
    registry.unavailable = true;
    const answer = await send(port, '/telemetry');
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
  });
});
