import { describeBalancers } from '@rollcall/adapter-conformance';
import { createHttpAdapter } from './adapter.ts';
import { options } from './testing/options.ts';

describeBalancers('HTTP', {
  createAdapter: (listeners) => createHttpAdapter({ ...options, ...listeners }),
  hello({ username, password }) {
    const credentials = Buffer.from(`${username}:${password}`).toString('base64');
    const headers = [
      'POST /telemetry HTTP/1.1',
      'host: a',
      `authorization: Basic ${credentials}`,
      'content-type: a/b',
      'content-length: 1',
    ];
    return Buffer.from(`${headers.join('\r\n')}\r\n\r\nx`);
  },
});
