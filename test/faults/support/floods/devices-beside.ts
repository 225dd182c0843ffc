import { openHonestDevice, type Door, type FloodedProtocol, type HonestDevice } from './honest-device.ts';
import type { CommandLineLogin } from './foreign/command-line.ts';

/** The honest devices beside a flood. */
export interface DevicesBeside {
  /** Resolves once the device was let in, or is about to say who it is. Rejects where it was refused, or cut off. */
  open(protocol: FloodedProtocol, door: Door, index: number): Promise<HonestDevice>;
  /** Sends one message from a process of its own, where such devices come too. */
  command?(protocol: FloodedProtocol, login: CommandLineLogin): Promise<void>;
  /** Whether those over CoAP close their association when they go: that is a goodbye. */
  readonly closesAssociations: boolean;
  close(): void;
}

/** Of our own code: they cost little, and measure what the adapter does. */
export const ownDevices: DevicesBeside = {
  open: openHonestDevice,
  closesAssociations: false,
  close: () => {},
};
