import { Counter, type Registry } from 'prom-client';
import type { AdapterObserver } from '@rollcall/adapter-kit';
import type { UploadResult } from '@rollcall/uplink';
import { createPlainSummary } from './plain-summary.ts';
import { unknownTenant } from './unknown-tenant.ts';

/** Data of devices. */
export function createUploadMetrics(registry: Registry): Pick<AdapterObserver, 'uploaded' | 'dropped'> {
  const payload = createPlainSummary(registry, {
    name: 'hono_telemetry_payload_bytes',
    help: 'Payload of device data',
    labelNames: ['tenant', 'type', 'status'],
  });
  const processing = createPlainSummary(registry, {
    name: 'hono_telemetry_processing_duration_seconds',
    help: 'Time from the receipt of device data until its outcome was known',
    labelNames: ['tenant', 'type', 'status', 'qos'],
  });
  const dropped = new Counter({
    name: 'rollcall_uploads_dropped_total',
    help: 'Uploads that failed, and whose devices do not hear of it',
    labelNames: ['status'],
    registers: [registry],
  });
  return {
    dropped: (status) => dropped.inc({ status }),
    uploaded({ request, result, durationMs }) {
      // An unverified tenant name must not become a label: labels stay for ever.
      const claimed = result.status === 'accepted' ? request.target?.tenant : undefined;
      const tenant = request.by?.device.tenant ?? claimed ?? unknownTenant;
      const status = statusOf(result);
      payload.observe([tenant, request.endpoint, status], request.payload?.byteLength ?? 0);
      processing.observe([tenant, request.endpoint, status, String(request.qos)], durationMs / 1000);
    },
  };
}

/** Hono's `status` tag. */
function statusOf(result: UploadResult): string {
  if (result.status === 'accepted') return 'forwarded';
  return result.failure.status < 500 ? 'unprocessable' : 'undeliverable';
}
