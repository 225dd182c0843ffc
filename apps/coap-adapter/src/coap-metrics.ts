import type { HostContext } from '@rollcall/adapter-kit';
import type { CoapStatistics } from '@rollcall/coap';

/** Numbers in `statistics` that say why a request was not served, or a datagram not read. */
const refusals = {
  formatErrors: 'format-error',
  badOptions: 'bad-option',
  refused: 'too-much-work',
  unexpected: 'unexpected',
} as const satisfies Partial<Record<keyof CoapStatistics, string>>;

/**
 * Adds the counts of an adapter's CoAP endpoints to `/metrics`.
 *
 * @param read statistics of each endpoint.
 */
export function registerCoapMetrics(
  { metrics }: Pick<HostContext, 'metrics'>,
  read: () => readonly CoapStatistics[],
): void {
  const sum = (name: keyof CoapStatistics): number =>
    read().reduce((total, statistics) => total + statistics[name], 0);
  const count = (name: string, help: string, of: keyof CoapStatistics): void =>
    metrics.counter({ name, help }, () => sum(of));

  metrics.gauge({ name: 'rollcall_coap_working', help: 'Requests whose answer is being worked on now' }, () =>
    sum('working'),
  );
  count('rollcall_coap_requests_total', 'CoAP requests, without copies of them', 'requests');
  count('rollcall_coap_duplicates_total', 'Copies of CoAP requests', 'duplicates');
  count('rollcall_coap_retransmissions_total', 'Confirmable messages that were sent again', 'sentAgain');
  count('rollcall_coap_given_up_total', 'Separate responses that were not acknowledged', 'givenUp');
  count(
    'rollcall_coap_evicted_total',
    'Requests that were forgotten before their time, for lack of room',
    'evicted',
  );
  metrics.counter(
    {
      name: 'rollcall_coap_refused_total',
      help: 'CoAP messages that were not served, by cause',
      label: 'cause',
    },
    () =>
      Object.fromEntries(
        Object.entries(refusals).map(([of, cause]) => [cause, sum(of as keyof typeof refusals)]),
      ),
  );
}
