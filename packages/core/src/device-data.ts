// The port of what sends the data of devices to a messaging network.
export type { DeviceDataSender, DeviceMessage, UploadFailure, UploadOutcome } from './device-data-sender.ts';
