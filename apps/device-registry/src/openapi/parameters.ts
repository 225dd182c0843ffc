export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description: string;
  readonly schema: object;
}

function inPath(name: string, description: string, pattern: string): Parameter {
  const schema = { type: 'string', minLength: 1, maxLength: 256, pattern };
  return { name, in: 'path', required: true, description, schema };
}

export const tenant = inPath('tenant', 'Id of the tenant', '^[a-zA-Z0-9-_\\.]+$');
export const device = inPath('device', 'Id of the device', '^[a-zA-Z0-9-_\\.:=]+$');

export const ifMatch: Parameter = {
  name: 'If-Match',
  in: 'header',
  description: 'Version that must be in place: with or without quotation marks; a list; or `*`, any',
  schema: { type: 'string' },
};

const json = {
  type: 'array',
  items: { type: 'string', minLength: 1, maxLength: 8_192 },
  maxItems: 20,
} as const;

export const search: readonly Parameter[] = [
  {
    name: 'pageSize',
    in: 'query',
    description: 'Entries of a page; 0: only their number',
    schema: { type: 'integer', minimum: 0, maximum: 200, default: 30 },
  },
  {
    name: 'pageOffset',
    in: 'query',
    description: 'Pages before this one',
    schema: { type: 'integer', minimum: 0, default: 0 },
  },
  {
    name: 'filterJson',
    in: 'query',
    description:
      '`{"field": "/ext/brand", "value": "x*"}`; op `eq`, or `in` and `not_in` with a list. All of them must hold',
    schema: json,
  },
  {
    name: 'sortJson',
    in: 'query',
    description: '`{"field": "/id", "direction": "desc"}`; the first goes before the second',
    schema: json,
  },
];

export const isGateway: Parameter = {
  name: 'isGateway',
  in: 'query',
  description: '`true`: gateways alone; anything else: devices that are none',
  schema: { type: 'string', minLength: 1, maxLength: 10 },
};
