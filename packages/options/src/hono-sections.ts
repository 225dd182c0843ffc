/** Sections of options that Eclipse Hono has too: its adapters of the protocols that are served here, messaging, and the services of a device registry. */
const sections: ReadonlySet<string> = new Set([
  'AMQP',
  'COAP',
  'CREDENTIALS',
  'HTTP',
  'MESSAGING',
  'MQTT',
  'REGISTRATION',
  'TENANT',
]);

/** Whether Eclipse Hono has a section of this name: `HONO_…` names of another section would mean nothing to Hono. */
export function isSectionOfHono(section: string): boolean {
  return sections.has(section);
}
