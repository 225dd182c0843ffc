import type { ConfigProblem } from '@rollcall/core';
import type { ValuesOf } from '@rollcall/options';
import type { kitOptions } from './kit-options.ts';

type KitValues = ValuesOf<typeof kitOptions>;

/** Problems between options that are each valid. */
export function kitProblems(values: KitValues): readonly ConfigProblem[] {
  const missing: string[] = [];
  if (values.registryFile === undefined) missing.push('ROLLCALL_REGISTRY_FILE: must be set');
  const mayWait = values.producers?.some((producer) => producer !== 'logging' && producer !== 'none');
  if (mayWait && values.journalKind === undefined && values.journalDirectory === undefined)
    missing.push(
      'ROLLCALL_JOURNAL_DIRECTORY: must be set where ROLLCALL_CONNECTIONEVENTS_PRODUCER has more than `logging`; ' +
        'or ROLLCALL_JOURNAL_KIND=memory, which accepts that unsent events end with the process',
    );
  if (values.journalKind === 'file' && values.journalDirectory === undefined)
    missing.push('ROLLCALL_JOURNAL_DIRECTORY: must be set where ROLLCALL_JOURNAL_KIND=file');
  return missing.map((text) => ({ code: 'OPTION_MISSING', text }));
}
