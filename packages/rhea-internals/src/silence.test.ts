import rhea from 'rhea';
import { expect, test } from 'vitest';
import { silence } from './silence.ts';

const events = [
  'error',
  'protocol_error',
  'connection_error',
  'session_error',
  'sender_error',
  'receiver_error',
  'disconnected',
];

test.each(events)('an event %s without a listener is neither thrown nor printed', (event) => {
  const container = rhea.create_container();
  silence(container);
  // rhea throws, or prints, where `emit` found no listener.
  expect(container.emit(event, new Error('of a peer'))).toBe(true);
});

test('other listeners are called before and after', () => {
  const container = rhea.create_container();
  const told: string[] = [];
  container.on('disconnected', () => told.push('before'));
  silence(container);
  container.on('disconnected', () => told.push('after'));
  container.emit('disconnected');
  expect(told).toEqual(['before', 'after']);
});
