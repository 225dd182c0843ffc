import type { DeviceDataSender, UploadOutcome } from '@rollcall/core/device-data';

/** What devices and operators read where the adapter was given no messaging network. */
export const noMessagingText = 'no messaging network is configured';

const refused: UploadOutcome = { status: 'failed', failure: { status: 503, text: noMessagingText } };

/** Stands where no messaging network is configured: it takes no data of devices. */
export const noMessaging: DeviceDataSender = {
  send: () => Promise.resolve(refused),
  connected: () => false,
  close: () => Promise.resolve(),
};
