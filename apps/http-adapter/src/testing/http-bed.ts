import type { Socket } from 'node:net';
import { type AdapterInTest, startForTest, type TestSetting } from '@rollcall/adapter-process/testing';
import { scriptedPassword } from '@rollcall/conformance/registry';
import { onTestFinished } from 'vitest';
import { createHttpAdapter, type HttpAdapterOptions } from '../adapter.ts';
import { options } from './options.ts';

export const emptyNotification = 'application/vnd.eclipse-hono-empty-notification';

export function basic(username: string, password = scriptedPassword): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

export interface RequestFacts {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly username?: string;
  readonly signal?: AbortSignal;
}

/** A request of thermostat-7 of acme, with an empty JSON document unless told otherwise. */
export function send(port: number, path: string, facts: RequestFacts = {}): Promise<Response> {
  const { method = 'POST', body = '{}', username = 'thermostat-7@acme', signal } = facts;
  const headers = new Headers({
    authorization: basic(username),
    'content-type': 'application/json',
    ...facts.headers,
  });
  if (headers.get('content-type') === '') headers.delete('content-type');
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers,
    ...(body !== '' && { body }),
    ...(signal && { signal }),
  });
}

export const goodbye: RequestFacts = {
  headers: { 'content-type': emptyNotification, 'hono-ttd': '0' },
  body: '',
};

/** A request as it goes over the wire. */
export function said(path: string, headers: readonly string[], body = ''): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    'host: adapter',
    `authorization: ${basic('thermostat-7@acme')}`,
    `content-length: ${body.length}`,
    ...headers,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

export const uploaded = said('/event', ['content-type: text/plain'], 'x');
export const left = said('/event', [`content-type: ${emptyNotification}`, 'hono-ttd: 0']);

/** A socket that ends with the test. */
export function endsWithTheTest<Each extends Socket>(socket: Each): Each {
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** An adapter that stops with the test. */
export async function givenAnAdapter(
  facts: Partial<HttpAdapterOptions> = {},
  setting: TestSetting = {},
): Promise<AdapterInTest & { readonly port: number }> {
  const adapter = await startForTest(createHttpAdapter({ ...options, ...facts }), setting);
  onTestFinished(() => adapter.running.stop({ graceMs: 0 }));
  return { ...adapter, port: adapter.address.port };
}

export function causes({ sink }: AdapterInTest): readonly string[] {
  return sink.events.map((event) => (event.type === 'connected' ? 'connected' : event.reason));
}
