const text = { type: 'string' } as const;
/** As whoever reads a request has it: an empty parameter is a mistake. */
const shortText = { type: 'string', minLength: 1, maxLength: 256 } as const;
const time = { type: 'string', format: 'date-time' } as const;

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description: string;
  readonly schema: object;
  readonly example?: string | number;
}

function inPath(name: string, description: string, example: string): Parameter {
  return {
    name,
    in: 'path',
    required: true,
    description,
    schema: { type: 'string', minLength: 1, maxLength: 1_024 },
    example,
  };
}

function inQuery(name: string, description: string, schema: object = shortText, required = false): Parameter {
  return { name, in: 'query', required, description, schema };
}

export const tenant = inPath('tenant', 'Id of the tenant, percent-encoded', 'DEFAULT_TENANT');
export const device = inPath('device', 'Id of the device, percent-encoded', '4711');

export const paging = [
  inQuery('limit', 'Entries of a page', { type: 'integer', minimum: 1, maximum: 1_000, default: 100 }),
  inQuery('cursor', '`next` of the page before', { ...shortText, maxLength: 12_288 }),
];

export const listFilters = [
  inQuery('status', 'Those with this status', { enum: ['online', 'offline', 'unknown'] }),
  inQuery('protocol', 'Those that are, or were last, connected over this protocol'),
  inQuery('reason', 'Those whose last connection ended for this reason'),
  inQuery('since', 'Those whose status is what it is since then, or later', time),
  inQuery('q', 'Those whose id begins with this', { ...shortText, maxLength: 1_024 }),
];

export const endingFilters = [
  inQuery('from', 'Those behind this time; by default an hour before `to`', time),
  inQuery('to', 'Those until then; by default now', time),
  inQuery('reason', 'Those for this reason'),
  inQuery('protocol', 'Those of connections over this protocol'),
  inQuery('adapter', 'Those that the adapter with this id observed', { ...shortText, maxLength: 1_024 }),
];

export const adapterFilters = [
  inQuery('adapter', 'Instances of the adapter with this id', { ...shortText, maxLength: 1_024 }),
  inQuery('instance', 'The instance with this name', { ...shortText, maxLength: 1_024 }),
];

export const period = [
  inQuery('from', 'Connections that ended then, or later', time),
  inQuery('to', 'Connections that began then, or before', time),
];

export const steps = [
  inQuery('from', 'The first point; by default a day before `to`', time),
  inQuery('to', 'No point is behind; by default now', time),
  inQuery('step', 'Seconds between points, which may be 501; by default so that there are 120', {
    type: 'integer',
    minimum: 1,
    maximum: 2_678_400,
  }),
];

export const at = inQuery('time', 'The time that is asked about', time, true);

export const flaps = inQuery('flaps', 'Changes an hour that do not count as flapping yet', {
  type: 'integer',
  minimum: 1,
  maximum: 100_000,
});

export const ifNoneMatch: Parameter = {
  name: 'If-None-Match',
  in: 'header',
  description: 'ETag of an answer: where nothing changed since, the answer is 304',
  schema: text,
};

export const lastEventId: Parameter = {
  name: 'Last-Event-ID',
  in: 'header',
  description: 'Id of the last event that was read: the changes behind it follow',
  schema: text,
};
