import type { OptionProblem } from '@rollcall/options';
import type { NetworkName, NetworkOptions } from './messaging-network.ts';
import { unknownPlaces } from './template.ts';

export interface NetworkRisks {
  /** Options that cannot work, or are certain to lose events. */
  readonly problems: readonly OptionProblem[];
  /** Options that lose events unless the network was prepared for them. */
  readonly warnings: readonly string[];
}

/** Annotations that this package writes itself. */
const ownAnnotations: ReadonlySet<string> = new Set([
  'tenant_id',
  'device_id',
  'resource',
  'x-opt-retain',
  'x-opt-trace-context',
]);
const ofTenant = ['{tenant}', '{tenant:pct}'];
const ofDevice = [...ofTenant, '{device}', '{device:pct}'];

/** How a network with these options would lose events without an error. */
export function networkRisks(name: NetworkName, options: NetworkOptions): NetworkRisks {
  const problems = [...templateProblems(options)];
  const warnings: string[] = [];
  const { eventAddress, links } = options;
  const relayed = links === 'anonymous-relay';

  switch (name) {
    case 'rabbitmq-3':
      if (relayed) problems.push({ options: ['MESSAGING_LINKS'], text: 'RabbitMQ 3 has no anonymous relay' });
      if (eventAddress.startsWith('/queue/') && options.targetDurability === 0)
        problems.push({
          options: ['MESSAGING_TARGETDURABILITY'],
          code: 'NETWORK_WOULD_LOSE_EVENTS',
          text: `with 0, RabbitMQ 3 makes ${eventAddress} a queue that ends with the broker: use 2`,
        });
      if (/^\/(?:exchange|topic)\//.test(eventAddress))
        warnings.push(
          `RabbitMQ 3.10 accepts and drops events that no queue is bound for: bind one for each tenant to ${eventAddress}`,
        );
      if (eventAddress.startsWith('/amq/queue/'))
        warnings.push(
          `RabbitMQ 3 accepts and drops events for a queue that does not exist: declare ${eventAddress} for each tenant`,
        );
      break;
    case 'artemis':
      // The anonymous terminus has no capabilities.
      if (relayed || !options.eventCapabilities.includes('queue'))
        warnings.push(
          `Artemis accepts and drops events while no queue is bound to ${eventAddress}: declare one for each tenant, or use links per address and the capability queue`,
        );
      break;
    case 'activemq-classic':
      if (eventAddress.startsWith('topic://'))
        warnings.push(
          `ActiveMQ accepts and drops events without a durable subscription: have a subscription for each tenant to ${eventAddress}`,
        );
      break;
    case 'hono':
    case 'rabbitmq-4':
      break;
    default:
      name satisfies never;
  }
  return { problems, warnings };
}

function* templateProblems(options: NetworkOptions): Generator<OptionProblem> {
  const { eventAddress, telemetryAddress, subject = '', annotations = {} } = options;
  const check = function* (name: string, text: string, allowed: readonly string[]): Generator<OptionProblem> {
    for (const place of unknownPlaces(text, allowed))
      yield {
        options: [`MESSAGING_${name}`],
        code: 'OPTION_MALFORMED',
        text: `${place} is none of ${allowed.join(', ')}`,
      };
  };
  yield* check('EVENTADDRESS', eventAddress, ofTenant);
  yield* check('TELEMETRYADDRESS', telemetryAddress, ofTenant);
  yield* check('SUBJECT', subject, ofDevice);
  for (const [name, text] of Object.entries(annotations)) {
    if (ownAnnotations.has(name))
      yield { options: ['MESSAGING_ANNOTATIONS'], text: `${name} has its value already` };
    yield* check('ANNOTATIONS', text, ofDevice);
  }
}
