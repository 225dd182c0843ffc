import { examples } from './examples.ts';
import * as parameters from './parameters.ts';
import { ref, schemas } from './schemas.ts';

const { tenant, device } = parameters;
const problem = { 'application/problem+json': { schema: ref('Problem'), example: examples.problem } };

function answer(description: string, schema: string, example: object, headers?: object): object {
  return {
    description,
    ...(headers && { headers }),
    content: { 'application/json': { schema: ref(schema), example } },
  };
}

/** Answers that any request may get. */
const problems = {
  400: { description: 'A mistake in the request; `field` says where', content: problem },
  401: { description: 'There is no bearer token, or it is not valid', content: problem },
  403: { description: 'The token does not allow this, or not for this tenant', content: problem },
  408: { description: 'The request did not arrive in time', content: problem },
  421: { description: 'Without tokens: the request is for another host than localhost', content: problem },
  431: { description: 'The path or the headers are too large', content: problem },
  503: { description: 'The database is unavailable, or too many requests wait; try again', content: problem },
};

function question(summary: string, operationId: string, given: readonly object[], answered: object): object {
  return { summary, operationId, parameters: given, responses: { 200: answered, ...problems } };
}

const etag = {
  ETag: { schema: { type: 'string' }, description: 'Changes when the state of the device does' },
};

function open(summary: string, operationId: string, type = 'application/json'): object {
  return {
    get: {
      summary,
      operationId,
      security: [{}],
      responses: {
        200: { description: 'Nothing is down', content: { [type]: {} } },
        503: { description: 'Something is down' },
      },
    },
  };
}

const devicePath = {
  get: {
    ...question(
      'Is it connected, since when, and how sure is that?',
      'getDevice',
      [tenant, device, parameters.ifNoneMatch],
      answer('What is known of the device', 'Device', examples.device, etag),
    ),
    responses: {
      200: answer('What is known of the device', 'Device', examples.device, etag),
      304: { description: 'Nothing changed since the answer with that ETag' },
      ...problems,
    },
  },
  delete: {
    summary: 'Forgets a device and its history. Later announcements of it are new events',
    description:
      'No trace is left: once it connects again, the answers are as if it had never been connected before',
    operationId: 'forgetDevice',
    security: [{ bearer: ['presence:admin'] }],
    parameters: [tenant, device],
    responses: { 204: { description: 'The device is unknown now' }, ...problems },
  },
};

const watchPath = {
  get: {
    summary: 'All devices of a tenant, then each change, as Server-Sent Events',
    description:
      'Events: `snapshot` (`devices`), `snapshot-end` (`as-of`), `change` (a DeviceState), `heartbeat` (`as-of`), and `reset` if the changes since Last-Event-ID are not available: a snapshot follows.',
    operationId: 'watchDevices',
    parameters: [tenant, parameters.lastEventId],
    responses: {
      200: { description: 'The stream', content: { 'text/event-stream': { schema: { type: 'string' } } } },
      ...problems,
    },
  },
};

const queryPath = {
  post: {
    summary: 'Up to 1,000 devices at once',
    operationId: 'queryDevices',
    requestBody: {
      required: true,
      content: { 'application/json': { schema: ref('DeviceQuery'), example: examples.query } },
    },
    responses: {
      200: answer('The devices, in the order of the request', 'Devices', examples.devices),
      ...problems,
      413: { description: 'The body is too large', content: problem },
      415: { description: 'The body is not application/json', content: problem },
    },
  },
};

const adaptersPath = {
  get: question(
    'The instances of adapters that published in the last seven days, and which of them still publish. Needs a token for all tenants',
    'listAdapters',
    [...parameters.adapterFilters, ...parameters.paging],
    answer('A page of instances, by adapter id', 'Adapters', examples.adapters),
  ),
};

/** The description of the API that is served at `/openapi.json`. */
export const openApi = {
  openapi: '3.1.0',
  info: {
    title: 'Rollcall presence',
    version: '1.0.0',
    description: 'Which devices are connected, since when, and how sure that is.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/' }],
  security: [{ bearer: ['presence:read'] }],
  paths: {
    '/v1/tenants/{tenant}/devices/{device}': devicePath,
    '/v1/tenants/{tenant}/devices': {
      get: question(
        'The devices of a tenant, page by page',
        'listDevices',
        [tenant, ...parameters.listFilters, ...parameters.paging],
        answer('A page of devices', 'Devices', examples.devices),
      ),
    },
    '/v1/tenants/{tenant}/devices/{device}/history': {
      get: question(
        'Its connections, the latest first',
        'getHistory',
        [tenant, device, ...parameters.period, ...parameters.paging],
        answer('A page of connections', 'History', examples.history),
      ),
    },
    '/v1/tenants/{tenant}/devices/{device}/at': {
      get: question(
        'Was it connected then?',
        'wasConnected',
        [tenant, device, parameters.at],
        answer('Yes, no, or uncertain and why', 'WasConnected', examples.at),
      ),
    },
    '/v1/tenants/{tenant}/summary': {
      get: question(
        'How many devices are online, by protocol and adapter, and which devices flap',
        'getSummary',
        [tenant, parameters.flaps],
        answer('Counts', 'Summary', examples.summary),
      ),
    },
    '/v1/tenants/{tenant}/timeline': {
      get: question(
        'How many devices were online over time, and why connections ended',
        'getTimeline',
        [tenant, ...parameters.steps],
        answer('Counts at the ends of equal steps', 'Timeline', examples.timeline),
      ),
    },
    '/v1/tenants/{tenant}/endings': {
      get: question(
        'Which devices left, and why: the endings of a period, by default of the last hour, the latest first',
        'listEndings',
        [tenant, ...parameters.endingFilters, ...parameters.paging],
        answer('A page of endings', 'Endings', examples.endings),
      ),
    },
    '/v1/tenants': {
      get: question(
        'The tenants of the token, or all tenants with a known device',
        'listTenants',
        parameters.paging,
        answer('A page of tenants', 'Tenants', examples.tenants),
      ),
    },
    '/v1/tenants/{tenant}/watch': watchPath,
    '/v1/adapters': adaptersPath,
    '/v1/devices:query': queryPath,
    '/started': open('Whether the service has started', 'started'),
    '/readiness': open('Whether it can answer, and whether it lags', 'readiness'),
    '/liveness': open('Whether its event loop runs', 'liveness'),
    '/metrics': open('Metrics for Prometheus', 'metrics', 'text/plain'),
    '/openapi.json': open('This description', 'openApi'),
  },
  components: {
    schemas,
    securitySchemes: {
      bearer: {
        type: 'http',
        scheme: 'bearer',
        description: 'A JSON Web Token, or a token of the token file; on loopback the service may need none',
      },
    },
  },
};
