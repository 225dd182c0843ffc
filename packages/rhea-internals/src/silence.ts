import type rhea from 'rhea';

/** Events for which rhea throws out of its socket callbacks, or prints, if there is no listener. */
const loudEvents = [
  'error',
  'protocol_error',
  'connection_error',
  'session_error',
  'sender_error',
  'receiver_error',
  'disconnected',
] as const;

/** Keeps rhea from throwing or printing where there is no other listener. Other listeners are called as before. */
export function silence(container: rhea.Container): void {
  for (const event of loudEvents) container.on(event, () => {});
}
