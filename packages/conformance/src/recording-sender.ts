import type { DeviceDataSender, DeviceMessage, UploadOutcome } from '@rollcall/core/device-data';

/** A sender that keeps the device data it gets. `outcome` decides what becomes of each message. */
export class RecordingSender implements DeviceDataSender {
  readonly messages: DeviceMessage[] = [];
  outcome: (message: DeviceMessage) => UploadOutcome | Promise<UploadOutcome> = () => ({
    status: 'accepted',
  });

  async send(message: DeviceMessage): Promise<UploadOutcome> {
    this.messages.push(message);
    return this.outcome(message);
  }

  connected(): boolean {
    return true;
  }

  async close(): Promise<void> {}
}
