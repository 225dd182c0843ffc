import type { Log } from '@rollcall/core/environment';
import { catalogue } from './catalogue.ts';

const exact = new Map(
  catalogue.flatMap(({ code, text }) => (typeof text === 'string' ? [[text, code] as const] : [])),
);
const patterns = catalogue.flatMap(({ code, text }) => (typeof text === 'string' ? [] : [{ code, text }]));

/** The code of a line of the log in `docs/errors.md`; `undefined` where it is not there. */
export function codeOf(message: string): string | undefined {
  return exact.get(message) ?? patterns.find(({ text }) => text.test(message))?.code;
}

/** Writes the code of each warning and error beside its facts. */
export function codedLog(log: Log): Log {
  const coded = (facts: object, message: string): object => {
    const code = codeOf(message);
    return code === undefined ? facts : { code, ...facts };
  };
  return {
    debug: (facts, message) => log.debug(facts, message),
    info: (facts, message) => log.info(facts, message),
    warn: (facts, message) => log.warn(coded(facts, message), message),
    error: (facts, message) => log.error(coded(facts, message), message),
  };
}
