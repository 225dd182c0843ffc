import { describeBalancers } from '@rollcall/adapter-kit/conformance';
import { createTemplateAdapter } from './adapter.ts';

describeBalancers('Template', {
  createAdapter: ({ plain = { host: '127.0.0.1', port: 0 }, balancers }) =>
    createTemplateAdapter({
      ...plain,
      balancers,
      maxLineBytes: 256,
      loginTimeoutMs: 10_000,
      idleLimitMs: 60_000,
    }),
  hello: ({ username, password }) => Buffer.from(`login ${username} ${password}\n`),
  cannot: ['tls'],
});
