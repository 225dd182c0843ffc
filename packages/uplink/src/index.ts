export type { HostUplink, UploadRequest, UploadResult } from './host-uplink.ts';
export { timeTillDisconnect } from './time-till-disconnect.ts';
export { type UploadAddress, noSuchEndpoint, readUploadAddress } from './upload-address.ts';
export { type UploadWindow, createUploadWindow } from './upload-window.ts';
export {
  afterFailedUpload,
  mayBeSentAgain,
  uploadEndReason,
  type AfterFailedUpload,
  type FailedUpload,
  type UploadEndReason,
  type UploadVoice,
} from './after-failed-upload.ts';
