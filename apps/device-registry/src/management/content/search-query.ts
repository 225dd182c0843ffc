import { z } from 'zod';
import type { DeviceSearchQuery, SearchFilter, SearchOrder } from '../../store/registry-search.ts';
import { parse, wordOf } from './fields.ts';
import { badRequest } from '../faults/registry-error.ts';
import { readJson } from './read-body.ts';

const maxPageSize = 200;
const defaultPageSize = 30;
/** More pages than any search can have. */
const maxPageOffset = 2 ** 31 - 1;
const maxParts = 20;
const maxValues = 100;

const scalar = z.union([z.string(), z.number(), z.boolean()], 'must be a string, a number or a boolean');
const field = z
  .string()
  .regex(/^(?:\/(?:[^~/]|~[01])*)+$/, 'must be a JSON pointer, e.g. /ext/brand')
  .transform((pointer) =>
    pointer
      .slice(1)
      .split('/')
      .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~')),
  );

const filter: z.ZodType<SearchFilter> = z
  .strictObject({
    field,
    value: z.union(
      [scalar, z.array(scalar).max(maxValues)],
      `must be a value, or up to ${maxValues} of them`,
    ),
    op: wordOf('eq', 'in', 'not_in').default('eq'),
  })
  .transform(({ field: path, value, op }, context): SearchFilter => {
    const isOne = !Array.isArray(value);
    if (isOne !== (op === 'eq')) {
      const message = op === 'eq' ? 'must be one value' : 'must be a list of values';
      context.addIssue({ code: 'custom', path: ['value'], message });
      return z.NEVER;
    }
    return {
      path,
      op: op === 'not_in' ? 'not-in' : op === 'in' ? 'in' : 'eq',
      values: isOne ? [value] : value,
    };
  });

const order: z.ZodType<SearchOrder> = z
  .strictObject({ field, direction: wordOf('asc', 'desc').default('asc') })
  .transform(({ field: path, direction }) => ({ path, isDescending: direction === 'desc' }));

/** Reads the query of a search. As in Hono, unknown parameters are ignored. @throws RegistryError */
export function searchQuery(text: string): DeviceSearchQuery {
  const query = new URLSearchParams(text);
  const isGateway = query.get('isGateway');
  return {
    pageSize: numberOf(query, 'pageSize', defaultPageSize, maxPageSize),
    pageIndex: numberOf(query, 'pageOffset', 0, maxPageOffset),
    filters: eachOf(query, 'filterJson', filter),
    order: eachOf(query, 'sortJson', order),
    ...(isGateway !== null && { isGateway: isGateway === 'true' }),
  };
}

function numberOf(query: URLSearchParams, name: string, fallback: number, maximum: number): number {
  const written = query.get(name);
  if (written === null) return fallback;
  if (/^\d{1,10}$/.test(written) && Number(written) <= maximum) return Number(written);
  throw badRequest(`${name}: must be a whole number from 0 to ${maximum}`);
}

function eachOf<Part>(query: URLSearchParams, name: string, schema: z.ZodType<Part>): readonly Part[] {
  const all = query.getAll(name);
  if (all.length > maxParts) throw badRequest(`${name}: there are more than ${maxParts} of them`);
  return all.map((written) => parse(schema, readJson(written, `${name}: must be JSON`), name));
}
