import { once } from 'node:events';
import { connect } from 'node:net';
import { describeAdapter } from '@rollcall/adapter-conformance';
import { freeBlockedPort } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createHttpAdapter } from './adapter.ts';
import {
  basic,
  endsWithTheTest,
  givenAnAdapter,
  goodbye,
  left,
  said,
  send,
  uploaded,
} from './testing/http-bed.ts';
import { options } from './testing/options.ts';

describeAdapter('HTTP', {
  bytes: {
    login: said('/telemetry', ['content-type: text/plain'], 'x'),
    heard: (answer) => Buffer.from(answer).includes('202'),
    upload: () => uploaded,
    sign: said('/telemetry', ['content-type: text/plain'], 'x'),
    goodbye: left,
    atOnce: { bytes: Buffer.concat([uploaded, left]), uploads: 1 },
  },
  createAdapter: (limits) => createHttpAdapter({ ...options, ...limits }),
  answersGoodbye: true,
  silenceMs: 600_000,
  // There is no connection: nothing to cut, and nothing to take over.
  cannot: ['vanish', 'takeOver', 'expire', 'multiply'],
  temporary: '429, 2 s',
  async connect({ port }, { username, password }, heard) {
    const authorization = basic(username, password);
    const { status, headers } = await send(port, '/telemetry', { headers: { authorization } });
    if (status !== 202) {
      heard?.(`${status}, ${headers.get('retry-after')} s`);
      return undefined;
    }
    return {
      leave: async () =>
        void (await send(port, '/event', { ...goodbye, headers: { ...goodbye.headers, authorization } })),
      vanish: async () => {},
      fallSilent: async () => {},
    };
  },
});

test('a port that is taken makes the start fail with its name', async () => {
  const { port } = await givenAnAdapter();
  await expect(givenAnAdapter({ plain: { host: '127.0.0.1', port } })).rejects.toThrow(
    `http port 127.0.0.1:${port} cannot be bound: EADDRINUSE`,
  );
});

test('a port that browsers refuse is told to the operator', async () => {
  const port = await freeBlockedPort();
  const { logged } = await givenAnAdapter({ plain: { host: '127.0.0.1', port } });
  expect(logged).toContainEqual(expect.objectContaining({ level: 'warn', facts: { service: 'http', port } }));
});

test('a listening adapter answers on a connection that is kept alive', async () => {
  const { port } = await givenAnAdapter();
  const socket = connect(port, '127.0.0.1');
  endsWithTheTest(socket);
  const request = `POST /telemetry HTTP/1.1\r\nhost: a\r\nauthorization: ${basic('thermostat-7@acme')}\r\ncontent-type: a/b\r\ncontent-length: 2\r\n\r\nhi`;
  for (let index = 0; index < 3; index++) {
    socket.write(request);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString('latin1')).toContain('HTTP/1.1 202 Accepted');
  }
});
