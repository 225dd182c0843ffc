import { examples } from './examples.ts';
import * as parameters from './parameters.ts';
import { ref, schemas } from './schemas.ts';

const { tenant, device, ifMatch } = parameters;

function json(schema: string, example: unknown): object {
  return { 'application/json': { schema: ref(schema), example } };
}

function fault(description: string): object {
  return { description, content: json('Fault', examples.fault) };
}

/** Answers that any request may get. */
const faults = {
  400: fault('A mistake in the request'),
  401: fault('It is not said who asks, or not proved'),
  403: fault('Who asks may not do this, or a limit is reached'),
  408: fault('The request did not arrive in time'),
  421: fault('Where nobody says who asks: it is for another host than localhost'),
  429: fault('Logins failed too often'),
  431: fault('The path, or the headers, have more bytes than are read'),
  503: fault('The database is away, or too much is asked; try again'),
};
const missing = { 404: fault('There is no such tenant or device, or nothing was found') };
const tooLarge = { 413: fault('The body has more bytes than are read') };
const taken = { 409: fault('An id, an alias, an authority or an auth-id is taken') };
const mismatch = { 412: fault('The version in place is another') };

const version = { ETag: { schema: { type: 'string' }, description: 'Version, without quotation marks' } };
const location = { Location: { schema: { type: 'string' }, description: 'Path of what was created' } };

const created = {
  201: {
    description: 'It is there',
    headers: { ...location, ...version },
    content: json('Created', examples.created),
  },
};
const written = { 204: { description: 'It is in place', headers: version } };
const removed = { 204: { description: 'It is gone' } };

function body(schema: string, example: unknown, required: boolean): object {
  return { required, content: json(schema, example) };
}

function read(schema: string, example: unknown, headers?: object): object {
  return { 200: { description: 'It is here', ...(headers && { headers }), content: json(schema, example) } };
}

function create(
  summary: string,
  operationId: string,
  what: 'Tenant' | 'Device',
  given: readonly object[],
): object {
  return {
    ...{ summary, operationId, parameters: given },
    requestBody: body(what, what === 'Tenant' ? examples.tenant : examples.device, false),
    responses: { ...created, ...faults, ...(what === 'Device' && missing), ...taken, ...tooLarge },
  };
}

function replace(
  summary: string,
  operationId: string,
  requestBody: object,
  given: readonly object[],
): object {
  return {
    ...{ summary, operationId, parameters: [...given, ifMatch], requestBody },
    responses: { ...written, ...faults, ...missing, ...taken, ...mismatch, ...tooLarge },
  };
}

function remove(summary: string, operationId: string, given: readonly object[]): object {
  return {
    summary,
    operationId,
    parameters: given,
    responses: { ...removed, ...faults, ...missing, ...mismatch },
  };
}

function get(summary: string, operationId: string, given: readonly object[], answer: object): object {
  return {
    ...{ summary, operationId, parameters: given, security: reading },
    responses: { ...answer, ...faults, ...missing },
  };
}

function open(summary: string, operationId: string, type = 'application/json'): object {
  const responses = {
    200: { description: 'Nothing is down', content: { [type]: {} } },
    503: { description: 'Something is down' },
  };
  return { get: { summary, operationId, security: [{}], responses } };
}

const reading = [{ basic: [] }, { bearer: ['registry:read'] }];
const deviceBody = body('Device', examples.device, true);

/** The description of the API that is served at `/openapi.json`. */
export const openApi = {
  openapi: '3.1.0',
  info: {
    title: 'Rollcall device registry',
    version: '1.0.0',
    description: "Tenants, devices and credentials, as Eclipse Hono's management API v1 has them.",
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/' }],
  security: [{ basic: [] }, { bearer: ['registry:admin'] }],
  paths: {
    '/v1/tenants': {
      post: create('Creates a tenant, whose id is made', 'createTenant', 'Tenant', []),
      get: get(
        'Finds tenants',
        'searchTenants',
        parameters.search,
        read('FoundTenants', examples.foundTenants),
      ),
    },
    '/v1/tenants/{tenant}': {
      post: create('Creates a tenant', 'createTenantWithId', 'Tenant', [tenant]),
      get: get('Reads a tenant', 'getTenant', [tenant], read('Tenant', examples.tenant, version)),
      put: replace('Replaces a tenant', 'updateTenant', body('Tenant', examples.tenant, true), [tenant]),
      delete: remove('Removes a tenant. Its devices are there again with it', 'deleteTenant', [
        tenant,
        ifMatch,
      ]),
    },
    '/v1/devices/{tenant}': {
      post: create('Creates a device, whose id is made', 'createDevice', 'Device', [tenant]),
      get: get(
        'Finds devices',
        'searchDevices',
        [tenant, ...parameters.search, parameters.isGateway],
        read('FoundDevices', examples.foundDevices),
      ),
      delete: remove('Removes all devices of a tenant', 'deleteDevices', [tenant]),
    },
    '/v1/devices/{tenant}/{device}': {
      post: create('Creates a device', 'createDeviceWithId', 'Device', [tenant, device]),
      get: get('Reads a device', 'getDevice', [tenant, device], read('Device', examples.device, version)),
      put: replace('Replaces a device', 'updateDevice', deviceBody, [tenant, device]),
      delete: remove('Removes a device, with its credentials', 'deleteDevice', [tenant, device, ifMatch]),
    },
    '/v1/credentials/{tenant}/{device}': {
      get: get(
        'Reads the credentials of a device, without their secrets',
        'getCredentials',
        [tenant, device],
        read('Credentials', examples.shownCredentials, version),
      ),
      put: replace(
        'Replaces all credentials of a device. A secret with an id keeps its key or hash where none is sent',
        'setCredentials',
        body('Credentials', examples.credentials, true),
        [tenant, device],
      ),
    },
    '/started': open('Whether the service has started', 'started'),
    '/readiness': open('Whether it can answer', 'readiness'),
    '/liveness': open('Whether its event loop runs', 'liveness'),
    '/metrics': open('Metrics for Prometheus', 'metrics', 'text/plain'),
    '/openapi.json': open('This description', 'openApi'),
  },
  components: {
    schemas,
    securitySchemes: {
      basic: { type: 'http', scheme: 'basic', description: 'A user of the file of users' },
      bearer: {
        type: 'http',
        scheme: 'bearer',
        description: 'A JSON Web Token, or a token of the token file; on loopback the service may need none',
      },
    },
  },
};
