import type { HeardAnswer } from './judge-answer.ts';

/** Reads the answer of `GET /v1/adapters?instance=…`. @throws Error where it is none. */
export function readAnswer(text: string, instance: string): HeardAnswer {
  const answer = fieldsOf(JSON.parse(text), 'the answer');
  const asOf = fieldsOf(answer['as-of'], 'as-of');
  const { adapters } = answer;
  if (!Array.isArray(adapters)) throw new Error('adapters is no list');
  const heard = adapters
    .map((each: unknown) => fieldsOf(each, 'an adapter'))
    .filter((each) => each['instance'] === instance)
    .map((each) => timeOf(each, 'last-heard-at'));
  const lag = asOf['lag-ms'];
  return {
    readThroughMs: asOf['at'] === null ? undefined : timeOf(asOf, 'at'),
    lagMs: typeof lag === 'number' ? lag : undefined,
    coveredSinceMs: timeOf(asOf, 'covered-since'),
    // One instance has one adapter id; a foreign service may say anything.
    heardAtMs: heard.length === 0 ? undefined : Math.max(...heard),
  };
}

function fieldsOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new Error(`${what} is no object`);
  return value as Readonly<Record<string, unknown>>;
}

function timeOf(fields: Readonly<Record<string, unknown>>, name: string): number {
  const text = fields[name];
  const at = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw new Error(`${name} is no time`);
  return at;
}
