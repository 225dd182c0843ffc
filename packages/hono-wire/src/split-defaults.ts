import { createSideFacts, type PropertyValue } from '@rollcall/core/internal';
import type { DefaultProperties } from '@rollcall/core/registry';

/** Default properties sorted by what becomes of them (`docs/hono-compatibility.md` §2). */
export interface SplitDefaults {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly ttlSeconds?: number;
  readonly ttlTelemetryQos0Seconds?: number;
  readonly ttlTelemetryQos1Seconds?: number;
  /** What is left: application properties. */
  readonly properties: Readonly<Record<string, PropertyValue>>;
}

/** Names of fields of the AMQP header and properties sections: a default cannot set them. */
const standardFields: ReadonlySet<string> = new Set([
  'absolute-expiry-time',
  'correlation-id',
  'creation-time',
  'delivery-count',
  'durable',
  'first-acquirer',
  'group-id',
  'group-sequence',
  'message-id',
  'priority',
  'reply-to',
  'reply-to-group-id',
  'subject',
  'to',
  'ttl-command-response',
  'user-id',
]);

/** Default properties that become fields. */
const otherFields: ReadonlySet<string> = new Set([
  'content-type',
  'content-encoding',
  'ttl',
  'ttl-telemetry-qos0',
  'ttl-telemetry-qos1',
]);

/** Application properties that say what is true of a message: a default cannot change them. */
const ownProperties: ReadonlySet<string> = new Set([
  'device_id',
  'orig_adapter',
  'orig_address',
  'qos',
  'ttd',
]);
const ownPrefix = /^(?:cloudEvents[_:]|rollcall_)/;

const known = createSideFacts<DefaultProperties, SplitDefaults>();

/** Sorts the default properties of a tenant, or of tenant and device merged. Remembers what it did. */
export function splitDefaults(defaults: DefaultProperties): SplitDefaults {
  const before = known.get(defaults);
  if (before) return before;
  const sorted = sort(defaults);
  known.set(defaults, sorted);
  return sorted;
}

function sort(defaults: DefaultProperties): SplitDefaults {
  const properties: Record<string, PropertyValue> = Object.create(null);
  const split: { -readonly [Key in keyof SplitDefaults]: SplitDefaults[Key] } = { properties };
  for (const [name, value] of Object.entries(defaults)) {
    switch (name) {
      case 'content-type':
        if (typeof value === 'string') split.contentType = value;
        break;
      case 'content-encoding':
        if (typeof value === 'string') split.contentEncoding = value;
        break;
      case 'ttl':
        if (isSeconds(value)) split.ttlSeconds = value;
        break;
      case 'ttl-telemetry-qos0':
        if (isSeconds(value)) split.ttlTelemetryQos0Seconds = value;
        break;
      case 'ttl-telemetry-qos1':
        if (isSeconds(value)) split.ttlTelemetryQos1Seconds = value;
        break;
      default:
        if (isDefaultProperty(name)) properties[name] = value;
    }
  }
  return split;
}

/** Whether a default, or a device, may set the application property of that name: it is no field, and not ours to say. */
export function isDefaultProperty(name: string): boolean {
  return (
    !standardFields.has(name) && !otherFields.has(name) && !ownProperties.has(name) && !ownPrefix.test(name)
  );
}

/** Whole seconds; -1 stands for "without limit". */
function isSeconds(value: PropertyValue): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= -1;
}
