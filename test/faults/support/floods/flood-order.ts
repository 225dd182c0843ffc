import type { TcpProtocol } from './honest-device.ts';

/** What a flooder is to do, as JSON. All of it is bounded by the time for which the flooder lives. */
export type FloodOrder =
  /** Nothing: what is measured then is the machine. */
  | { readonly kind: 'none' }
  | {
      readonly kind: 'handshakes';
      readonly port: number;
      readonly addresses: readonly string[];
      readonly perSecond: number;
      readonly identity: string;
      readonly secret: string;
      /** Whether nothing follows the cookie. */
      readonly isHalfOpen: boolean;
    }
  | {
      readonly kind: 'sockets';
      readonly port: number;
      readonly address: string;
      readonly perSecond: number;
      /** Whether each begins a TLS handshake; else it is silent. */
      readonly beginsTls: boolean;
    }
  | {
      readonly kind: 'logins';
      readonly protocol: TcpProtocol;
      readonly port: number;
      /** One after the other. */
      readonly usernames: readonly string[];
      /** `null`: as fast as it gets. */
      readonly perSecond: number | null;
      /** With every thousandth try; else only wrong ones. */
      readonly rightPassword?: string;
    }
  | {
      readonly kind: 'uploads';
      readonly protocol: TcpProtocol | 'coap';
      readonly port: number;
      readonly device: number;
    }
  | {
      readonly kind: 'sessions';
      readonly protocol: 'mqtt' | 'amqp';
      readonly port: number;
      readonly username: string;
      readonly perSecond: number;
    };

/** What came of it. */
export interface FloodReport {
  /** Handshakes, sockets, tries or uploads. */
  readonly begun: number;
  /** How many of them the adapter took, where that is known. */
  readonly accepted: number;
}
