import type { TerminusOptions } from '@rollcall/amqp-connection/links';

/** Networks with a preset; `hono` is Eclipse Hono's own, and the embedded one. */
export type NetworkName = 'hono' | 'artemis' | 'rabbitmq-3' | 'rabbitmq-4' | 'activemq-classic';

/** How messages find their way in a network. Templates have places for `{tenant}`, or `{tenant:pct}` percent-encoded. */
export interface NetworkOptions {
  readonly eventAddress: string;
  readonly telemetryAddress: string;
  /** Capabilities that the target of events must have. */
  readonly eventCapabilities: readonly string[];
  readonly telemetryCapabilities: readonly string[];
  /** Terminus durability of both targets. */
  readonly targetDurability: NonNullable<TerminusOptions['durable']>;
  /** A link for each address, or one for all of them: each message then says in `to` where it goes. */
  readonly links: 'per-address' | 'anonymous-relay';
  /** Whether all links share a session. */
  readonly sessions: 'per-connection' | 'per-address';
  /** Template of `properties.subject`, with `{device}` too; default: none. */
  readonly subject?: string;
  /** Message annotations that are added; templates by name, with `{device}` too. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A network by its preset, and the options in which this one differs. */
export interface NetworkChoice extends Partial<NetworkOptions> {
  readonly name: NetworkName;
}
