import type { DeviceDataSender, DeviceRegistry } from '@rollcall/core';
import { neverRejects } from '../containment/never-rejects.ts';
import type { HostUplink } from '../upload/host-uplink.ts';
import { createMessageRate } from '../upload/message-rate.ts';
import { failedInside, tooManyMessages, upload, type UploadContext } from '../upload/upload.ts';
import type { AdapterContext } from './adapter-context.ts';

/** How data of devices leaves the adapter. */
export function createUplink(
  { adapter, clock, random, settings, observer, failed }: AdapterContext,
  registry: DeviceRegistry,
  sender: DeviceDataSender,
): HostUplink {
  const messageRate = createMessageRate(clock, settings.maxMessagesPerSecond);
  const context: UploadContext = {
    adapterType: adapter.type,
    registry,
    sender,
    clock,
    random,
    allowsAnonymous: (device) => messageRate.allows(device),
  };
  const failedWith = (error: unknown): typeof failedInside => {
    failed('upload', error);
    return failedInside;
  };
  return {
    async upload(request) {
      const begun = clock.monotonic();
      const result =
        request.by && !messageRate.allows(request.by.device)
          ? tooManyMessages
          : await neverRejects(() => upload(request, context), failedWith);
      observer.uploaded({ request, result, durationMs: clock.monotonic() - begun });
      return result;
    },
  };
}
