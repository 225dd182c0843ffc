/** What the service answers, as far as the page shows it: `/openapi.json` describes all of it. */
export type Status = 'online' | 'offline' | 'unknown';

export interface AsOf {
  readonly at: string | null;
  readonly 'lag-ms': number | null;
  readonly 'covered-since': string;
  readonly 'complete-from': string;
  readonly complete: boolean;
}

export interface Basis {
  readonly kind: 'session' | 'lease';
  readonly 'interval-ms'?: number;
  readonly from?: string;
  readonly 'detect-within-ms': number | null;
}

interface Connection {
  readonly 'connection-id': string;
  readonly 'connected-at': string;
  readonly protocol: string;
  readonly basis: Basis;
  readonly adapter: { readonly type: string; readonly id: string; readonly instance: string };
  readonly 'remote-id': string;
  readonly 'remote-address'?: string;
}

export interface Ending extends Connection {
  readonly at: string;
  readonly 'left-between': { readonly from: string; readonly to: string };
  readonly 'uncertainty-ms': number;
  readonly reason: string;
  readonly initiator: string;
  readonly clean: boolean;
  readonly coalesced?: number;
  readonly raw?: Readonly<Record<string, unknown>>;
}

export interface Device {
  readonly tenant: string;
  readonly device: string;
  readonly status: Status;
  readonly since?: string;
  readonly connections: readonly Connection[];
  readonly 'last-ending'?: Ending;
}

export interface PastConnection extends Connection {
  readonly state: 'open' | 'ended' | 'unknown';
  readonly ending?: Ending;
  readonly 'taken-over-at'?: string;
}

export interface Summary {
  readonly devices: Readonly<Record<string, number>>;
  readonly protocols: Readonly<Record<string, number>>;
  readonly reasons: Readonly<Record<string, number>>;
  readonly adapters: Readonly<Record<string, number>>;
  readonly 'flaps-per-hour': number;
  readonly flapping: readonly { readonly device: string; readonly changes: number }[];
  readonly 'as-of': AsOf;
}

export interface CountsOverTime {
  readonly points: readonly { readonly at: string; readonly online: number; readonly unknown: number }[];
  readonly endings: Readonly<Record<string, number>>;
  /** Earlier counts may be too low. */
  readonly 'known-since': string;
  readonly 'as-of': AsOf;
}

export interface DeviceEnding extends Ending {
  readonly device: string;
  /** What the device is now. */
  readonly status: Status;
}

export interface Endings {
  readonly 'known-since': string;
  readonly endings: readonly DeviceEnding[];
  readonly next?: string;
  readonly 'as-of': AsOf;
}

export interface WasConnected {
  readonly time: string;
  readonly answer: 'yes' | 'no' | 'uncertain';
  readonly because?: 'left-between' | 'not-noticed-yet' | 'silent' | 'not-covered' | 'not-read-yet';
  readonly between?: { readonly from?: string; readonly to?: string };
}
