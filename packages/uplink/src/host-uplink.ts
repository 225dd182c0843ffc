import type { DeviceRef } from '@rollcall/core';
import type { UploadFailure } from '@rollcall/core/device-data';
import type { AuthenticatedDevice } from '@rollcall/access';

/** Data of devices. */
export interface HostUplink {
  /** Sends telemetry or an event on behalf of a device. Never rejects. Counts the message. */
  upload(request: UploadRequest): Promise<UploadResult>;
  /**
   * An upload failed, and its device hears nothing of it: it waits for no outcome, does not want to hear one, or is gone. Counted,
   * and told in the log, in a line a minute.
   */
  dropped(failure: UploadFailure, device?: DeviceRef): void;
}

export interface UploadRequest {
  /** Absent: a device that did not say who it is, where that is not required. It must say in `target` whose data it brings. */
  readonly by?: AuthenticatedDevice;
  readonly endpoint: 'telemetry' | 'event';
  /** As the address said: the tenant may be left out. Absent: the device's own data. */
  readonly target?: { readonly tenant?: string; readonly device: string };
  /** An event of QoS 0 is refused: its sender must learn whether it arrived. */
  readonly qos: 0 | 1;
  /** What a device reads whose event has QoS 0, in the words of its protocol; absent: those of MQTT. */
  readonly qos0EventText?: string;
  readonly contentType?: string;
  /** Absent: no body. Empty: a zero-length body. */
  readonly payload?: Uint8Array;
  /** The address as the device gave it. */
  readonly origAddress: string;
  readonly ttlSeconds?: number;
  readonly ttdSeconds?: number;
  /** Of a device that did not say who it is, instead of `ttdSeconds`: what it asks for, and what the protocol allows at most. */
  readonly ttdAsked?: { readonly seconds: number; readonly longestSeconds?: number };
  readonly retain?: boolean;
  /** What the device gave the message beside it; application properties, where its tenant lets it. Of one name the last counts. */
  readonly properties?: readonly (readonly [name: string, value: string])[];
  /** W3C trace context the device sent; a new one is made where it is absent or malformed. */
  readonly traceParent?: string;
  readonly traceState?: string;
}

export type UploadResult =
  | {
      readonly status: 'accepted';
      /** How long the device waits for a command, where it had `ttdAsked`; absent: not at all. */
      readonly ttdSeconds?: number;
    }
  | {
      readonly status: 'failed';
      readonly failure: UploadFailure;
      /** The device's own access ended: stateful protocols close its connection (`docs/hono-compatibility.md` §7). */
      readonly terminal: boolean;
    };
