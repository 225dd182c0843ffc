import type { DeviceRef, Timestamp } from '@rollcall/core';
import type { UploadFailure } from '@rollcall/core/device-data';
import { printable } from '@rollcall/core/text';

/** A filter for messages about uploads that failed (`docs/hono-compatibility.md` §7). */
export interface ErrorFilter {
  readonly endpoint: 'error' | 'e';
  /** As the filter says them; empty where it does not. */
  readonly tenant: string;
  readonly device: string;
  /** The device that its errors are about; the device itself, where it names none. With its tenant, where nobody said who he is. */
  readonly about: string;
}

/** A message that failed, as far as its topic says what it was. */
export interface FailedMessage {
  readonly topic: string;
  readonly qos: number;
  readonly messageId?: number | undefined;
  /** `correlation-id` of the property bag. */
  readonly correlationId?: string | undefined;
}

/** Of one connection: a gateway may have one for each of its devices. */
const maxFilters = 100;
/** A topic has 65,535 bytes at most [MQTT-1.5.4]; ids are far shorter. */
const maxSegmentLength = 256;

/**
 * Reads `error|e/[tenant]/[device|+]/#`; `undefined` if a filter has another form, or names another tenant.
 *
 * @param self absent: a device that did not say who it is, and must name tenant and device.
 */
export function readErrorFilter(filter: string, self: DeviceRef | undefined): ErrorFilter | undefined {
  const [endpoint, tenant = '', named = '', last, more] = filter.split('/', 5);
  if ((endpoint !== 'error' && endpoint !== 'e') || last !== '#' || more !== undefined) return undefined;
  if (named.length > maxSegmentLength) return undefined;
  const device = named === '+' ? '' : named;
  if (!self) {
    const namesBoth = tenant !== '' && tenant !== '+' && device !== '' && tenant.length <= maxSegmentLength;
    return namesBoth ? { endpoint, tenant, device, about: inFull(tenant, device) } : undefined;
  }
  if (tenant !== '' && tenant !== self.tenant) return undefined;
  return { endpoint, tenant, device, about: device === '' ? self.device : device };
}

const inFull = (tenant: string, device: string): string => `${tenant}/${device}`;

/** The error filters of one connection, by the device they are about: a later one for the same takes the place of the earlier. */
export class ErrorSubscriptions {
  readonly #self: DeviceRef | undefined;
  /** Most devices have none. */
  #byDevice: Map<string, ErrorFilter> | undefined;

  /** @param self absent: a device that did not say who it is. */
  constructor(self: DeviceRef | undefined) {
    this.#self = self;
  }

  /** Whether the filter is granted. */
  add(text: string, qos: number): boolean {
    const filter = qos === 0 ? readErrorFilter(text, this.#self) : undefined;
    if (!filter) return false;
    this.#byDevice ??= new Map();
    if (this.#byDevice.size >= maxFilters && !this.#byDevice.has(filter.about)) return false;
    this.#byDevice.set(filter.about, filter);
    return true;
  }

  /** Whether there was one. */
  remove(text: string): boolean {
    const filter = this.#byDevice && readErrorFilter(text, this.#self);
    return filter !== undefined && this.#byDevice?.delete(filter.about) === true;
  }

  /** The one for a message that failed: for the device it names, else for the sender. */
  find(topic: string): ErrorFilter | undefined {
    if (!this.#byDevice) return undefined;
    const { tenant, device } = segmentsOf(topic);
    return this.#self
      ? (this.#byDevice.get(device) ?? this.#byDevice.get(this.#self.device))
      : this.#byDevice.get(inFull(tenant, device));
  }
}

/** What a device learns about a message that failed: topic and payload of a PUBLISH of QoS 0. */
export function errorMessage(
  filter: ErrorFilter,
  message: FailedMessage,
  { status, text }: UploadFailure,
  at: Timestamp,
): { readonly topic: string; readonly payload: string } {
  const { endpoint, device: target } = segmentsOf(message.topic);
  const given = message.correlationId;
  const correlationId =
    given !== undefined && given !== '' && given.length <= maxSegmentLength
      ? given
      : String(message.qos > 0 ? (message.messageId ?? -1) : -1);
  const device = target !== '' && target !== filter.about ? target : filter.device;
  return {
    topic: [
      filter.endpoint,
      filter.tenant,
      device.length > maxSegmentLength ? '' : device,
      endpointNames.get(endpoint) ?? 'unknown',
      topicSegment(correlationId),
      status,
    ].join('/'),
    payload: JSON.stringify({
      code: status,
      message: text,
      timestamp: new Date(at).toISOString(),
      'correlation-id': correlationId,
    }),
  };
}

const endpointNames: ReadonlyMap<string, string> = new Map([
  ['telemetry', 'telemetry'],
  ['t', 't'],
  ['event', 'event'],
  ['e', 'e'],
  ['command', 'command-response'],
  ['c', 'c-s'],
]);

/** Of a topic without its property bag. */
function segmentsOf(topic: string): Record<'endpoint' | 'tenant' | 'device', string> {
  const bagAt = topic.lastIndexOf('/?');
  const [endpoint = '', tenant = '', device = ''] = (bagAt < 0 ? topic : topic.slice(0, bagAt)).split('/', 3);
  return { endpoint, tenant, device };
}

/** Text of the device as one segment of a topic name, which must have no wildcards [MQTT-3.3.2-2] and no U+0000. */
function topicSegment(text: string): string {
  return printable(text).replace(/[+#/]/g, encodeURIComponent);
}
