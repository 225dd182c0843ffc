import type { ReceivedMessage } from '@rollcall/hono-wire';
import type { Asked } from './question.ts';

/** What a message of a service says; what cannot be an answer is `unusable`. */
export function readAnswer({ applicationProperties, contentType, body }: ReceivedMessage): Asked {
  const status = statusOf(applicationProperties['status']);
  if (status === undefined) return { kind: 'failed', why: 'unusable', onlyThis: true };
  const cacheControl = applicationProperties['cache_control'];
  return {
    kind: 'answered',
    status,
    ...(typeof cacheControl === 'string' && { cacheControl }),
    ...(contentType !== undefined && { contentType }),
    ...(body && { body }),
  };
}

/** Services in other languages write it as another kind of integer. */
function statusOf(value: unknown): number | undefined {
  const status = typeof value === 'bigint' ? Number(value) : value;
  return typeof status === 'number' && Number.isInteger(status) && status >= 100 && status < 600
    ? status
    : undefined;
}
