import rhea from 'rhea';
import { expect, test } from 'vitest';
import { encodeRequest, type ServiceRequest } from './encode-request.ts';

const request: ServiceRequest = {
  messageId: 'tenant-client-1',
  to: 'tenant',
  subject: 'get',
  replyTo: 'tenant/1',
  properties: {},
};

const decode = (facts: Partial<ServiceRequest> = {}): Record<string, unknown> =>
  rhea.message.decode(Buffer.from(encodeRequest({ ...request, ...facts })));

test('a question has what a service needs to answer it', () => {
  expect(decode()).toMatchObject({
    message_id: 'tenant-client-1',
    to: 'tenant',
    subject: 'get',
    reply_to: 'tenant/1',
  });
  expect(decode()).not.toHaveProperty('content_type');
  expect(decode()).not.toHaveProperty('body');
});

test('a question may have a body, which is JSON, and properties of any text', () => {
  const body = new TextEncoder().encode('{"tenant-id":"ü"}');
  const properties = { device_id: 'd\u{1f600}'.repeat(100), gateway_id: '' };
  const decoded = decode({ body, properties });
  expect(decoded).toMatchObject({ content_type: 'application/json', application_properties: properties });
  expect((decoded['body'] as { readonly content: Buffer }).content).toEqual(Buffer.from(body));
});
