import { setBothOrNeither, type OptionProblem, type ValuesOf } from '@rollcall/options';
import { tlsChoiceProblems } from '@rollcall/options/tls';
import { networkRisks } from '../network-risks.ts';
import { withPreset } from '../resolve-network.ts';
import type { amqpOptions } from './amqp-options.ts';
import { networkSettings } from './network-options.ts';

type Values = ValuesOf<typeof amqpOptions>;

/** Problems of options that are valid one by one but not together. */
export function amqpProblems(values: Values): readonly OptionProblem[] {
  const { username, password, cert, key, protocols, cipherSuites } = values;
  return [
    ...setBothOrNeither(['MESSAGING_USERNAME', username], ['MESSAGING_PASSWORD', password]),
    ...setBothOrNeither(['MESSAGING_CERTPATH', cert], ['MESSAGING_KEYPATH', key]),
    ...tlsChoiceProblems('MESSAGING', protocols, cipherSuites),
    ...networkProblemsOf(values),
  ];
}

function networkProblemsOf(values: Values): readonly OptionProblem[] {
  // The value could not be read; that problem is reported already.
  if (values.network === undefined) return [];
  const choice = networkSettings(values);
  return networkRisks(choice.name, withPreset(choice)).problems;
}
