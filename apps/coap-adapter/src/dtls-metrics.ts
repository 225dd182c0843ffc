import type { HostContext } from '@rollcall/adapter-kit';
import type { DtlsServer } from '@rollcall/dtls';

/** Adds the counts of a DTLS server to `/metrics`. */
export function registerDtlsMetrics({ metrics }: Pick<HostContext, 'metrics'>, dtls: DtlsServer): void {
  const { counters } = dtls;
  const count = (name: string, help: string, read: () => number): void =>
    metrics.counter({ name, help }, read);
  const gauge = (name: string, help: string, read: () => number): void => metrics.gauge({ name, help }, read);

  gauge('rollcall_dtls_associations', 'DTLS associations that are open now', () => dtls.associations);
  gauge(
    'rollcall_dtls_pending_handshakes',
    'DTLS handshakes that are under way now',
    () => dtls.pendingHandshakes,
  );
  gauge('rollcall_dtls_sessions', 'DTLS sessions that may be resumed', () => dtls.sessions);
  count(
    'rollcall_dtls_handshakes_total',
    'DTLS handshakes that were done, resumed ones too',
    () => counters.handshakes,
  );
  count(
    'rollcall_dtls_resumptions_total',
    'DTLS handshakes that went on with an earlier session',
    () => counters.resumptions,
  );
  count(
    'rollcall_dtls_hello_verify_requests_total',
    'ClientHellos that were answered with a cookie',
    () => counters.helloVerifyRequests,
  );
  count(
    'rollcall_dtls_retransmissions_total',
    'Flights of DTLS handshakes that were sent again',
    () => counters.retransmissions,
  );
  count(
    'rollcall_dtls_lookup_failures_total',
    'Look-ups of a DTLS handshake that had no answer: the device asks again',
    () => counters.lookupFailures,
  );
  count(
    'rollcall_dtls_address_changes_total',
    'Associations with a connection id that went on from another address',
    () => counters.addressChanges,
  );
  count(
    'rollcall_dtls_stray_alerts_total',
    'Alerts to those who sent data in an association that is not known here',
    () => counters.strayAlerts,
  );
  count(
    'rollcall_dtls_displaced_associations_total',
    'DTLS associations that gave way to newer ones, of their own device or of others',
    () => counters.displacedAssociations,
  );
  metrics.counter(
    {
      name: 'rollcall_dtls_handshake_failures_total',
      help: 'DTLS handshakes that came to nothing, by cause',
      label: 'cause',
    },
    () => counters.failures,
  );
  metrics.counter(
    {
      name: 'rollcall_dtls_dropped_total',
      help: 'Datagrams, or parts of them, that the DTLS server dropped, by cause',
      label: 'cause',
    },
    () => counters.dropped,
  );
}
