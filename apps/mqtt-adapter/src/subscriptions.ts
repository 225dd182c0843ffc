/** The code of a refused filter in a SUBACK, in every version (MQTT 3.1.1 §3.9.3). */
const subscriptionRefused = 0x80;

const commandNames: ReadonlySet<string> = new Set(['command', 'c']);
const requestNames: ReadonlySet<string> = new Set(['req', 'q']);

/**
 * The QoS granted for a filter, or {@link subscriptionRefused}. Filters for commands are granted, to devices and
 * gateways, in the forms of `docs/hono-compatibility.md` §7; but for errors, nothing else can be subscribed to.
 *
 * @param tenant of the device; absent: it did not say who it is, and must name tenant and device.
 */
export function grantSubscription(filter: string, qos: number, tenant: string | undefined): number {
  const segments = filter.split('/');
  const [first = '', tenantSegment = '', device = '', request = '', last] = segments;
  const forCommands =
    segments.length === 5 && commandNames.has(first) && requestNames.has(request) && last === '#';
  const isItsOwn =
    tenant === undefined
      ? [tenantSegment, device].every((segment) => segment !== '' && segment !== '+')
      : tenantSegment === '' || tenantSegment === tenant;
  return forCommands && isItsOwn && (qos === 0 || qos === 1) ? qos : subscriptionRefused;
}
