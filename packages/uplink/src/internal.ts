// For the other packages that make an adapter process; it may change with any version.
export { createKnownUploaders } from './known-uploaders.ts';
export { reportDropped } from './dropped-uploads.ts';
export { createMessageRate } from './message-rate.ts';
export { type UploadContext, failedInside, tooManyMessages, upload } from './upload.ts';
