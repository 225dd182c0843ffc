import type { AppMetrics, ObservedState } from '@rollcall/adapter-kit';
import type { RegistryService } from '@rollcall/core/registry';

/** How a registry stands that asks services. */
export function addRegistryServiceMetrics(
  { counter, gauge }: AppMetrics,
  { services }: ObservedState['registry-services'],
): void {
  const byService = (read: (service: RegistryService) => number) => () =>
    Object.fromEntries(services().services.map((each) => [each.name, read(each)]));
  const label = 'service';
  gauge(
    {
      name: 'rollcall_registry_service_reachable',
      help: '0 while a service of the device registry cannot be asked, or does not answer',
      label,
    },
    byService(({ reachable }) => (reachable ? 1 : 0)),
  );
  gauge(
    {
      name: 'rollcall_registry_changes_heard',
      help: '0 while changes of the device registry are not heard, and what is kept may be out of date',
    },
    () => (services().hearsChanges === true ? 1 : 0),
  );
  gauge(
    {
      name: 'rollcall_registry_questions',
      help: 'Questions to the services of the device registry that are under way or wait for their turn',
      label,
    },
    byService(({ outstanding }) => outstanding),
  );
  counter(
    {
      name: 'rollcall_registry_questions_total',
      help: 'Questions to the services of the device registry, by what became of them',
      label: 'outcome',
    },
    () => outcomesOf(services().services),
  );
  gauge(
    {
      name: 'rollcall_registry_kept_answers',
      help: 'Answers of the services of the device registry that are kept',
      label,
    },
    byService(({ kept }) => kept),
  );
  counter(
    {
      name: 'rollcall_registry_kept_answer_uses_total',
      help: 'Look-ups in the device registry for which an answer was kept',
      label,
    },
    byService(({ keptUses }) => keptUses),
  );
}

/** Of all services together. */
function outcomesOf(services: readonly RegistryService[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { outcomes } of services)
    for (const [outcome, count] of Object.entries(outcomes)) sums[outcome] = (sums[outcome] ?? 0) + count;
  return sums;
}
