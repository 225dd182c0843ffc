import type rhea from 'rhea';

/** Where nobody listens to one of these, rhea throws out of its socket callbacks, or prints. */
const loudEvents = [
  'error',
  'protocol_error',
  'connection_error',
  'session_error',
  'sender_error',
  'receiver_error',
  'disconnected',
] as const;

/** Has rhea neither throw nor print where nobody else listens. Whoever listens is told as before. */
export function silence(container: rhea.Container): void {
  for (const event of loudEvents) container.on(event, () => {});
}
