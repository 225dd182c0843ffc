/** An OpenAPI 3.1 description, as far as its checks read it. */
export interface OpenApiDescription {
  readonly paths: Readonly<Record<string, unknown>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

export interface DescribedOperation {
  readonly path: string;
  /** In lower case. */
  readonly method: string;
  readonly operation: Operation;
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: WithContent;
  readonly responses: Readonly<Record<string, WithContent>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema?: { readonly type?: string; readonly format?: string };
}

interface WithContent {
  readonly content?: Readonly<
    Record<string, { readonly schema?: { readonly $ref?: string }; readonly example?: unknown }>
  >;
}

/** A validator of JSON Schema 2020-12, such as `Ajv2020`. */
export interface SchemaValidator {
  addSchema(schema: object): unknown;
  getSchema(reference: string): ValidateFunction | undefined;
}

interface ValidateFunction {
  (value: unknown): unknown;
  errors?: readonly { readonly instancePath: string; readonly message?: string }[] | null;
}

/** RFC 3339 in UTC, as the answers of both services have it. */
export function isUtcTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text) && !Number.isNaN(Date.parse(text));
}

export function operationsOf({ paths }: OpenApiDescription): readonly DescribedOperation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods as Readonly<Record<string, Operation>>).map(([method, operation]) => {
      return { path, method, operation };
    }),
  );
}

/** @returns a function that lists what is wrong with a value of a schema of the description. */
export function schemaCheck(
  description: OpenApiDescription,
  validator: SchemaValidator,
): (name: string, value: unknown) => readonly string[] {
  validator.addSchema({ $id: 'api', ...description });
  return (name, value) => {
    const validate = validator.getSchema(`api#/components/schemas/${name}`);
    if (!validate) return [`there is no schema ${name}`];
    void validate(value);
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message ?? ''}`);
  };
}

/**
 * What is wrong with a description that the schema of OpenAPI itself does not find: operation ids that are used twice, parameters of
 * paths that are not declared, schemas that are missing or unused, and examples that do not match their schema.
 *
 * @param problemsWith see {@link schemaCheck}.
 */
export function openApiProblems(
  description: OpenApiDescription,
  problemsWith: (name: string, value: unknown) => readonly string[],
): readonly string[] {
  const operations = operationsOf(description);
  return [
    ...repeatedIds(operations),
    ...operations.flatMap(undeclaredParameters),
    ...schemaProblems(description),
    ...examplesOf(operations).flatMap(({ name, example }) =>
      problemsWith(name, example).map((problem) => `an example of ${name} does not match: ${problem}`),
    ),
  ];
}

/** Each example of a request or a response, with the name of its schema. */
export function examplesOf(
  operations: readonly DescribedOperation[],
): readonly { readonly name: string; readonly example: unknown }[] {
  return operations
    .flatMap(({ operation: { responses, requestBody = {} } }) => [...Object.values(responses), requestBody])
    .flatMap(({ content = {} }) => Object.values(content))
    .filter(({ example }) => example !== undefined)
    .map(({ schema, example }) => ({
      name: schema?.$ref?.split('/').at(-1) ?? '',
      example,
    }));
}

function repeatedIds(operations: readonly DescribedOperation[]): readonly string[] {
  const ids = operations.map(({ operation }) => operation.operationId);
  return ids
    .filter((id, index) => ids.indexOf(id) !== index)
    .map((id) => `${id} is the id of two operations`);
}

function undeclaredParameters({ path, method, operation }: DescribedOperation): readonly string[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const declared = (operation.parameters ?? []).filter((each) => each.in === 'path').map(({ name }) => name);
  return declared.join() === inPath.join()
    ? []
    : [`${method} ${path}: declares the path parameters ${declared.join(', ') || 'none'}`];
}

function schemaProblems(description: OpenApiDescription): readonly string[] {
  const references = JSON.stringify(description).matchAll(/"#\/components\/schemas\/(\w+)"/g);
  const used = new Set([...references].map(([, name = '']) => name));
  const defined = new Set(Object.keys(description.components.schemas));
  return [
    ...[...used].filter((name) => !defined.has(name)).map((name) => `the schema ${name} is missing`),
    ...[...defined].filter((name) => !used.has(name)).map((name) => `the schema ${name} is unused`),
  ];
}
