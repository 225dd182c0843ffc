import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { containServer } from './contain-server.ts';
import { ContainedResponse } from './contained-response.ts';

test.each(['finish', 'close'])(
  'a listener of the %s of a response that throws ends its connection, and the server goes on',
  async (event) => {
    const failures: string[] = [];
    const server = createServer({ ServerResponse: ContainedResponse }, (_request, response) => {
      response.on(event, () => {
        throw new Error('cursed');
      });
      response.end();
    });
    containServer(server, 'test', (where, error) => failures.push(`${where} ${(error as Error).message}`));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    for (const _ of [1, 2]) {
      const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
      client.on('error', () => {}).resume();
      client.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
      await once(client, 'close');
    }
    expect(failures).toEqual(['test cursed', 'test cursed']);
  },
);
