import type { NetworkChoice } from '@rollcall/amqp-sender';
import type { ProtonConsumerOptions } from '../proton-consumer.ts';

/** A tenant whose queue of events takes few of them, and how a sender is told so. */
interface FullQueue {
  readonly tenant: string;
  /** Events that are more than it takes. */
  readonly events: number;
  readonly tells: RegExp;
}

/** What can be expected of a messaging network. */
export interface NetworkTraits {
  /** Whether it has an anonymous terminus. */
  readonly relays: boolean;
  /** Whether what it accepted outlives its process. */
  readonly keeps: boolean;
  /** The ways in which a consumer may give something back, so that it comes again. */
  readonly givesBack: readonly ('release' | 'modify')[];
  /** Where a consumer can have the events of all tenants: how the sender sends then, and whose subscription it is. */
  readonly everyTenant?: {
    readonly sender: Partial<NetworkChoice>;
    /** Absent: one that goes with its consumer. */
    readonly application?: string;
  };
  /** Queues that are full soon; none where it takes everything. */
  readonly full: readonly FullQueue[];
  /** A tenant whose events have no address there, and how a sender is told so; absent where every address will do. */
  readonly bad?: { readonly tenant: string; readonly tells: RegExp };
}

/** A messaging network that is started for a test. */
export interface InteropNetwork {
  readonly port: number;
  /** As the sender's options. */
  readonly choice: NetworkChoice;
  readonly credentials?: { readonly username: string; readonly password: string };
  start(): Promise<void>;
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** Ends it, and removes what it left. */
  cleanUp(): Promise<void>;
  /** How a consumer asks for what tenants sent. */
  source(endpoint: 'event' | 'telemetry', tenant: string): Omit<ProtonConsumerOptions, 'url'>;
}
