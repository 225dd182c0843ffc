import type { ConfigProblem } from '@rollcall/core';
import type { ValuesOf } from '@rollcall/options';
import type { kitOptions } from './kit-options.ts';

type KitValues = ValuesOf<typeof kitOptions>;

/** Problems between options that are each valid. */
export function kitProblems(values: KitValues): readonly ConfigProblem[] {
  const missing: string[] = [];
  if (values.registryKind === 'file' && values.registryFile === undefined)
    missing.push('ROLLCALL_REGISTRY_FILE: must be set');
  const mayWait = values.producers?.some((producer) => producer !== 'logging' && producer !== 'none');
  if (mayWait && values.journalKind === undefined && values.journalDirectory === undefined)
    missing.push(
      'ROLLCALL_JOURNAL_DIRECTORY: must be set where ROLLCALL_CONNECTIONEVENTS_PRODUCER has more than `logging`; ' +
        'or ROLLCALL_JOURNAL_KIND=memory, which accepts that unsent events end with the process',
    );
  if (values.journalKind === 'file' && values.journalDirectory === undefined)
    missing.push('ROLLCALL_JOURNAL_DIRECTORY: must be set where ROLLCALL_JOURNAL_KIND=file');
  if (values.presenceUrls === undefined && (values.presenceToken ?? values.presenceTrustStore) !== undefined)
    missing.push('ROLLCALL_DIRECTORY_PRESENCEURL: must be set where what it is asked with is');
  const malformed = (values.presenceUrls ?? []).some((url) => !isHttpUrl(url));
  return [
    ...missing.map((text) => ({ code: 'OPTION_MISSING', text }) as const),
    ...(malformed
      ? [
          {
            code: 'OPTION_MALFORMED',
            text: 'ROLLCALL_DIRECTORY_PRESENCEURL: each must be a URL such as https://host:8090, without user, password and query',
          } as const,
        ]
      : []),
  ];
}

/** A token in a URL would be logged. */
function isHttpUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, username, password, search, hash } = new URL(url);
  return /^https?:$/.test(protocol) && username + password + search + hash === '';
}
