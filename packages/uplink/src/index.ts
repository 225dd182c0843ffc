export {
  afterFailedUpload,
  mayBeSentAgain,
  uploadEndReason,
  type UploadEndReason,
  type UploadVoice,
} from './after-failed-upload.ts';
export type { HostUplink, UploadRequest, UploadResult } from './host-uplink.ts';
export { timeTillDisconnect } from './time-till-disconnect.ts';
export { noSuchEndpoint, readUploadAddress, type UploadAddress } from './upload-address.ts';
export { createUploadWindow } from './upload-window.ts';
