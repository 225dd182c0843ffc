export {
  examplesOf,
  isUtcTime,
  openApiProblems,
  operationsOf,
  schemaCheck,
  type DescribedOperation,
  type OpenApiDescription,
  type SchemaValidator,
} from './check-open-api.ts';
