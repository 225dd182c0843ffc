import type { Clock } from '@rollcall/core/environment';
import type { ObservedState, AppMetrics } from '@rollcall/adapter-kit';
import { addCertificateMetrics } from './certificate-metrics.ts';
import { addDirectoryMetrics } from './directory-metrics.ts';
import { addJournalMetrics } from './journal-metrics.ts';
import { addOutboxMetrics } from './outbox-metrics.ts';
import { addRegistryMetrics } from './registry-metrics.ts';
import { addRegistryServiceMetrics } from './registry-service-metrics.ts';

type StateMetrics = { readonly [Part in keyof ObservedState]: (state: ObservedState[Part]) => void };

/** Adds the metrics of each part of the adapter once that part is there. */
export function stateMetrics(metrics: AppMetrics, clock: Pick<Clock, 'now'>): StateMetrics {
  return {
    presence(state) {
      metrics.gauge(
        {
          name: 'hono_connections_authenticated',
          help: 'Connections of authenticated devices that are open now',
          label: 'tenant',
        },
        () => Object.fromEntries(state.byTenant()),
      );
      metrics.gauge(
        {
          name: 'hono_connections_unauthenticated',
          help: 'Connections that are open now of devices that did not authenticate',
        },
        () => state.anonymous(),
      );
    },
    authentication: (state) =>
      metrics.gauge(
        {
          name: 'rollcall_connects_waiting',
          help: 'Devices that wait for their turn to be authenticated',
        },
        () => state.waiting(),
      ),
    outbox: (state) => addOutboxMetrics(metrics, state, clock),
    journal: (state) => addJournalMetrics(metrics, state),
    files: (state) => addCertificateMetrics(metrics, state),
    registry: (state) => addRegistryMetrics(metrics, state),
    'registry-services': (state) => addRegistryServiceMetrics(metrics, state),
    directory: (state) => addDirectoryMetrics(metrics, state),
  };
}
