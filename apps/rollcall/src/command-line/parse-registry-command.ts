import type { NetworkName } from '@rollcall/amqp-sender';
import { bcryptCosts } from '@rollcall/device-registry';
import { registryActions, type RegistryCommand } from '../registry/registry.ts';

/** Reads the arguments after `rollcall registry`. Returns a text when something is wrong with them. */
export function parseRegistryCommand(
  [action = '', ...files]: readonly string[],
  values: { readonly served?: string; readonly bcrypt?: string },
  network: NetworkName,
): RegistryCommand | string {
  const chosen = registryActions.find((each) => each === action);
  if (!chosen) return `registry ${action}: must be one of ${registryActions.join(', ')}`;
  if (values.served !== undefined && chosen !== 'check') return `registry ${chosen} has no option --served`;
  if (values.bcrypt !== undefined && chosen !== 'hash-password')
    return `registry ${chosen} has no option --bcrypt`;
  const [file, ...more] = files;
  if (chosen === 'hash-password') {
    if (file !== undefined) return 'registry hash-password reads standard input, and has no arguments';
    if (values.bcrypt === undefined) return { action: chosen, bcryptCost: undefined };
    const cost = /^\d{1,2}$/.test(values.bcrypt) ? Number(values.bcrypt) : Number.NaN;
    return cost >= bcryptCosts.min && cost <= bcryptCosts.max
      ? { action: chosen, bcryptCost: cost }
      : `--bcrypt must be a number from ${bcryptCosts.min} to ${bcryptCosts.max}`;
  }
  if (file === undefined || more.length > 0) return `registry ${chosen} needs one file`;
  return chosen === 'check'
    ? { action: chosen, file, served: values.served, network }
    : { action: chosen, file, network };
}
