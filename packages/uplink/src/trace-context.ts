import type { Random } from '@rollcall/core/environment';

// version 00: https://www.w3.org/TR/trace-context-1/#traceparent-header-field-values; all-zero ids are invalid.
const traceParentPattern = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
// Printable ASCII (§3.3.1).
const traceStatePattern = /^[\u0020-\u007e]{1,512}$/;

export interface TraceContext {
  readonly traceParent: string;
  readonly traceState?: string;
}

/** The device's trace context where it is well-formed, else a new one: every message downstream has one. */
export function traceContext(
  given: { readonly traceParent?: string; readonly traceState?: string },
  random: Random,
): TraceContext {
  if (given.traceParent === undefined || !traceParentPattern.test(given.traceParent)) {
    const { buffer, byteOffset, byteLength } = random.bytes(24);
    const hex = Buffer.from(buffer, byteOffset, byteLength).toString('hex');
    return { traceParent: `00-${hex.slice(0, 32)}-${hex.slice(32, 48)}-01` };
  }
  const { traceParent, traceState } = given;
  return traceState !== undefined && traceStatePattern.test(traceState)
    ? { traceParent, traceState }
    : { traceParent };
}
