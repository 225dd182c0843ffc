import type { DeviceDataSender } from '@rollcall/core/device-data';
import type { DeviceRegistry } from '@rollcall/core/registry';
import type { HostUplink, UploadResult } from '@rollcall/uplink';
import {
  createKnownUploaders,
  createMessageRate,
  failedInside,
  reportDropped,
  tooManyMessages,
  upload,
  type UploadContext,
} from '@rollcall/uplink/internal';
import type { AdapterContext } from './adapter-context.ts';

/** Makes the part that sends data of devices. */
export function createUplink(
  { adapter, clock, random, log, settings, observer, failed }: AdapterContext,
  registry: DeviceRegistry,
  sender: DeviceDataSender,
): HostUplink {
  const messageRate = createMessageRate(clock, settings.maxMessagesPerSecond);
  const context: UploadContext = {
    adapterType: adapter.type,
    registry,
    known: createKnownUploaders(registry),
    sender,
    clock,
    random,
    allowsAnonymous: (device) => messageRate.allows(device),
  };
  const report = reportDropped(clock, log);
  return {
    dropped(failure, device) {
      observer.dropped(failure.status);
      report(failure, device);
    },
    async upload(request) {
      const begun = clock.monotonic();
      let result: UploadResult;
      try {
        const isWithinRate = !request.by || messageRate.allows(request.by.device);
        result = isWithinRate ? await upload(request, context) : tooManyMessages;
      } catch (error) {
        // A registry, or a sender, that rejects although it should not.
        failed('upload', error);
        result = failedInside;
      }
      observer.uploaded({ request, result, durationMs: clock.monotonic() - begun });
      return result;
    },
  };
}
