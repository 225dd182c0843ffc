import type { HostContext } from '@rollcall/adapter-kit';
import type { DtlsServer } from '@rollcall/dtls';

/** Adds the counts of a DTLS server to `/metrics`. */
export function registerDtlsMetrics({ metrics }: Pick<HostContext, 'metrics'>, dtls: DtlsServer): void {
  const { counters } = dtls;
  const count = (name: string, help: string, read: () => number): void =>
    metrics.counter({ name: `rollcall_dtls_${name}_total`, help }, read);
  const gauge = (name: string, help: string, read: () => number): void =>
    metrics.gauge({ name: `rollcall_dtls_${name}`, help }, read);

  gauge('associations', 'DTLS associations that are open now', () => dtls.associations);
  gauge('pending_handshakes', 'DTLS handshakes that are under way now', () => dtls.pendingHandshakes);
  gauge('sessions', 'DTLS sessions that may be resumed', () => dtls.sessions);
  count('handshakes', 'DTLS handshakes that were done, resumed ones too', () => counters.handshakes);
  count('resumptions', 'DTLS handshakes that went on with an earlier session', () => counters.resumptions);
  count(
    'hello_verify_requests',
    'ClientHellos that were answered with a cookie',
    () => counters.helloVerifyRequests,
  );
  count('retransmissions', 'Flights of DTLS handshakes that were sent again', () => counters.retransmissions);
  count(
    'lookup_failures',
    'Look-ups of a DTLS handshake that had no answer: the device asks again',
    () => counters.lookupFailures,
  );
  count(
    'address_changes',
    'Associations with a connection id that went on from another address',
    () => counters.addressChanges,
  );
  count(
    'stray_alerts',
    'Alerts to those who sent data in an association that is not known here',
    () => counters.strayAlerts,
  );
  count(
    'displaced_associations',
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
