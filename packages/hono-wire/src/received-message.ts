import type { Timestamp } from '@rollcall/core';

/** A message as it came from the network, whatever library received it. Symbols are strings, binary is bytes. */
export interface ReceivedMessage {
  /** `properties.to`. */
  readonly address?: string;
  readonly messageId?: string;
  /** `properties.correlation-id`, where it is a string. */
  readonly correlationId?: string;
  readonly contentType?: string;
  readonly creationTime?: Timestamp;
  readonly durable?: boolean;
  readonly ttlMs?: number;
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly applicationProperties: Readonly<Record<string, unknown>>;
  /** The Data section; absent where the message has none. */
  readonly body?: Uint8Array;
}
