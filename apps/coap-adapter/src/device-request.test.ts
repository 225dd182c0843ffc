import { describe, expect, test } from 'vitest';
import { asksFor, isDiscovery, readHead, type RequestHead } from './device-request.ts';

const head = (facts: Partial<RequestHead>): RequestHead => ({
  method: 'POST',
  confirmable: true,
  path: ['telemetry'],
  query: [],
  ...facts,
});

const qos0EventText = 'event endpoint supports confirmable request messages only';

describe('an upload', () => {
  test.each([
    [{ path: ['telemetry'] }, { endpoint: 'telemetry', qos: 1, origAddress: '/telemetry' }],
    [
      { path: ['t'], confirmable: false },
      { endpoint: 'telemetry', qos: 0, origAddress: '/t' },
    ],
    [{ path: ['event'] }, { endpoint: 'event', qos: 1, origAddress: '/event' }],
    [{ path: ['e'] }, { endpoint: 'event', qos: 1, origAddress: '/e' }],
    [
      { method: 'PUT', path: ['event', 'acme', 'valve-1'] },
      {
        endpoint: 'event',
        qos: 1,
        origAddress: '/event/acme/valve-1',
        target: { tenant: 'acme', device: 'valve-1' },
      },
    ],
    [
      { method: 'PUT', path: ['t', '', 'a/b'] },
      { endpoint: 'telemetry', qos: 1, origAddress: '/t//a/b', target: { device: 'a/b' } },
    ],
    [
      { contentFormat: 50 },
      { endpoint: 'telemetry', qos: 1, origAddress: '/telemetry', contentType: 'application/json' },
    ],
    [
      { contentFormat: 64_999 },
      { endpoint: 'telemetry', qos: 1, origAddress: '/telemetry', contentType: 'unknown/64999' },
    ],
  ] satisfies [Partial<RequestHead>, object][])('a request with %j is read as its upload', (facts, upload) =>
    expect(readHead(head(facts))).toEqual({ upload: { ...upload, qos0EventText }, goodbye: false }),
  );

  test('an upload declares by hono-ttd how long the device waits for a command', () =>
    expect(readHead(head({ query: ['x', 'hono-ttd=30'] }))).toMatchObject({ ttdSeconds: 30 }));

  test.each(['hono-ttd=soon', 'hono-ttd', 'hono-ttd=', 'hono-ttd=1.5', 'hono-ttd=2147483648'])(
    'a %s that is no number is ignored, and nothing is a goodbye',
    (parameter) => {
      const asked = readHead(head({ path: ['event'], query: ['empty', parameter] }));
      expect(asked).toMatchObject({ upload: { endpoint: 'event' }, goodbye: false });
      expect(asked).not.toHaveProperty('ttdSeconds');
    },
  );

  test('what follows the device in a path means nothing', () =>
    expect(readHead(head({ method: 'PUT', path: ['event', 'acme', 'valve-1', 'x', 'y'] }))).toMatchObject({
      upload: { target: { tenant: 'acme', device: 'valve-1' } },
    }));
});

describe('an empty notification', () => {
  const contentType = 'application/vnd.eclipse-hono-empty-notification';

  test('the parameter empty makes an empty notification, whatever the content format is', () =>
    expect(readHead(head({ path: ['event'], query: ['empty'], contentFormat: 50 }))).toMatchObject({
      upload: { contentType },
      goodbye: false,
    }));

  test('an empty event of the device itself with hono-ttd=0 is a goodbye', () => {
    const goodbye = head({ path: ['event'], query: ['hono-ttd=0', 'empty'] });
    expect(readHead(goodbye)).toMatchObject({ upload: { contentType }, goodbye: true });
    expect(readHead({ ...goodbye, path: ['t'] })).toMatchObject({ goodbye: false });
    expect(readHead({ ...goodbye, method: 'PUT', path: ['e', '', 'valve-1'] })).toMatchObject({
      goodbye: false,
    });
  });
});

test.each([
  [{ path: [] }, 404],
  [{ path: ['.well-known', 'core'] }, 405],
  [{ path: ['.well-known', 'core', 'x'], method: 'GET' }, 404],
  [{ path: ['.well-known'], method: 'GET' }, 404],
  [{ path: ['telemetry'], method: 'GET' }, 405],
  [{ path: ['event'], method: 'DELETE' }, 405],
  [{ path: ['event'], method: 'other' }, 405],
  [{ path: ['telemetry', 'acme', 'valve-1'] }, 404],
  [{ path: ['telemetry'], method: 'PUT' }, 404],
  [{ path: ['telemetry', 'acme'], method: 'PUT' }, 404],
  [{ path: ['telemetry', 'acme', ''], method: 'PUT' }, 404],
  [{ path: ['command_response', '4711'] }, 501],
  [{ path: ['cr', 'acme', 'valve-1', '4711'], method: 'PUT' }, 501],
] satisfies [Partial<RequestHead>, number][])('%j is refused with %i', (facts, status) =>
  expect(readHead(head(facts))).toMatchObject({ status }),
);

test('an event that is not confirmable has QoS 0, and is no goodbye', () =>
  expect(
    readHead(head({ path: ['event'], confirmable: false, query: ['empty', 'hono-ttd=0'] })),
  ).toMatchObject({
    upload: { qos: 0, qos0EventText },
    goodbye: false,
  }));

test('a parameter may have a value or none', () => {
  expect(asksFor(['hono-time'], 'hono-time')).toBe(true);
  expect(asksFor(['hono-time=true'], 'hono-time')).toBe(true);
  expect(asksFor(['hono-timer'], 'hono-time')).toBe(false);
});

test('a GET of /.well-known/core asks for the resources', () => {
  const path = ['.well-known', 'core'];
  expect(isDiscovery(head({ method: 'GET', path }))).toBe(true);
  expect(isDiscovery(head({ method: 'PUT', path }))).toBe(false);
  expect(isDiscovery(head({ method: 'GET', path: ['telemetry'] }))).toBe(false);
});
