import { expect, test } from 'vitest';
import { isUtcTime, openApiProblems, operationsOf, type OpenApiDescription } from './check-open-api.ts';

const thing = { $ref: '#/components/schemas/Thing' };

function description(changes: Partial<OpenApiDescription> = {}): OpenApiDescription {
  return {
    paths: {
      '/things/{id}': {
        get: {
          operationId: 'getThing',
          parameters: [{ name: 'id', in: 'path' }],
          responses: { 200: { content: { 'application/json': { schema: thing, example: 'right' } } } },
        },
      },
    },
    components: { schemas: { Thing: {} } },
    ...changes,
  };
}

const problemsWith = (name: string, value: unknown): readonly string[] =>
  value === 'right' ? [] : [`${name} must be right`];

function operation(facts: object): OpenApiDescription {
  const [path, method] = ['/things/{id}', 'put'];
  const put = {
    operationId: 'putThing',
    parameters: [{ name: 'id', in: 'path' }],
    responses: {},
    ...facts,
  };
  return description({ paths: { ...description().paths, [`${path}/part`]: { [method]: put } } });
}

test('a description without mistakes has no problems', () => {
  expect(openApiProblems(description(), problemsWith)).toEqual([]);
  expect(operationsOf(description()).map(({ path, method }) => [path, method])).toEqual([
    ['/things/{id}', 'get'],
  ]);
});

test.each([
  ['an operation id that is used twice', operation({ operationId: 'getThing' }), 'getThing is the id of two'],
  [
    'a path parameter that is not declared',
    operation({ parameters: [] }),
    'declares the path parameters none',
  ],
  [
    'a path parameter that the path does not have',
    operation({
      parameters: [
        { name: 'id', in: 'path' },
        { name: 'part', in: 'path' },
      ],
    }),
    'declares the path parameters id, part',
  ],
  ['a missing schema', description({ components: { schemas: {} } }), 'the schema Thing is missing'],
  [
    'an unused schema',
    description({ components: { schemas: { Thing: {}, Other: {} } } }),
    'the schema Other is unused',
  ],
  [
    'a wrong example of a request',
    operation({ requestBody: { content: { 'application/json': { schema: thing, example: 'wrong' } } } }),
    'an example of Thing does not match: Thing must be right',
  ],
])('%s is a problem', (_what, wrong, problem) => {
  expect(openApiProblems(wrong, problemsWith)).toEqual([expect.stringContaining(problem)]);
});

test.each([
  ['2026-11-28T12:00:00Z', true],
  ['2026-11-28T12:00:00.123Z', true],
  ['2026-11-28T12:00:00+01:00', false],
  ['2026-13-28T12:00:00Z', false],
])('%s is a UTC time: %s', (text, expected) => {
  expect(isUtcTime(text)).toBe(expected);
});
