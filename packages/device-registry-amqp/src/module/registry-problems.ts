import { setBothOrNeither, type OptionProblem, type ValuesOf } from '@rollcall/options';
import { tlsChoiceProblems } from '@rollcall/options/tls';
import {
  nameFor,
  optionFor,
  serviceNames,
  valuesFor,
  type registryOptions,
  type ServiceName,
} from './registry-options.ts';

type Values = ValuesOf<typeof registryOptions>;

/** Problems of options that are valid one by one but not together. A problem that all services share is reported once. */
export function registryProblems(values: Values): readonly OptionProblem[] {
  const found = serviceNames.flatMap((service) => problemsOf(service, values));
  const told = new Set<string>();
  const once = found.filter((problem) => {
    const text = JSON.stringify(problem);
    return !told.has(text) && told.add(text);
  });
  return [...hostProblems(values), ...once];
}

function hostProblems(values: Values): readonly OptionProblem[] {
  const without = serviceNames.filter((service) => valuesFor(service, values).host === undefined);
  if (without.length === 0) return [];
  const own = without.map((service) => nameFor(service, 'REGISTRY_HOST'));
  const text =
    without.length === serviceNames.length
      ? 'must be set'
      : `must be set, or ROLLCALL_${own.join(', ROLLCALL_')}`;
  return [{ options: ['REGISTRY_HOST'], text, code: 'OPTION_MISSING' }];
}

function problemsOf(service: ServiceName, values: Values): readonly OptionProblem[] {
  const { username, password, cert, key, protocols, cipherSuites } = valuesFor(service, values);
  const nameOf = (option: Parameters<typeof optionFor>[1]): string => optionFor(service, option, values);
  const section = nameOf('cipherSuites').split('_', 1)[0] ?? '';
  return [
    ...setBothOrNeither([nameOf('username'), username], [nameOf('password'), password]),
    ...setBothOrNeither([nameOf('cert'), cert], [nameOf('key'), key]),
    ...tlsChoiceProblems(section, protocols, cipherSuites),
  ];
}
