import type { DeviceRef, Timestamp } from './ids.ts';

/** A property value that Eclipse Hono's JSON defaults can hold. */
export type PropertyValue = string | number | boolean;

/** Telemetry or an event of a device, as it goes to the messaging network (`docs/hono-compatibility.md` §2). */
export interface DeviceMessage {
  readonly endpoint: 'telemetry' | 'event';
  readonly device: DeviceRef;
  /** Who brought it, where that is another device: all that a gateway brings has its turns as one. */
  readonly by?: DeviceRef;
  /** 0: done once handed to the network; 1: done once the network accepted it. Events always have 1. */
  readonly qos: 0 | 1;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  /** Absent: the message has no body. Empty: it has a zero-length one. */
  readonly payload?: Uint8Array;
  readonly creationTime: Timestamp;
  readonly ttlMs?: number;
  readonly retain?: boolean;
  /** Seconds the device will wait for a command. */
  readonly ttdSeconds?: number;
  readonly origAdapter: string;
  readonly origAddress: string;
  readonly traceParent: string;
  readonly traceState?: string;
  /** Default properties of tenant and device that are not standard fields. */
  readonly properties?: Readonly<Record<string, PropertyValue>>;
}

/** Why an upload failed. `status` is the HTTP-style code by which Hono classifies failures (`docs/hono-compatibility.md` §4). */
export interface UploadFailure {
  readonly status: 400 | 403 | 404 | 413 | 429 | 500 | 503;
  /** For the device to read: no internals. */
  readonly text: string;
}

export type UploadOutcome =
  | { readonly status: 'accepted' }
  | { readonly status: 'failed'; readonly failure: UploadFailure };

/** Takes device data to the messaging network. Nothing is queued and nothing is sent again: the device decides. */
export interface DeviceDataSender {
  /** Never rejects. */
  send(message: DeviceMessage): Promise<UploadOutcome>;
  /** Whether sends can be expected to succeed now. */
  connected(): boolean;
  close(): Promise<void>;
}
