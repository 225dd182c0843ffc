/** What a path is for, whatever the method, as Hono's routes have it (`docs/hono-compatibility.md` §10). */
export interface Resource {
  readonly methods: readonly ('POST' | 'PUT')[];
  /** What a web page may use here: methods and headers of its requests, headers of the answer. */
  readonly pages: { readonly methods: string; readonly headers: string; readonly exposed?: string };
}

const exposed = 'hono-command,hono-cmd-req-id';
const telemetryHeaders = 'QoS-Level,hono-ttd,authorization,content-type';
const eventHeaders = 'hono-ttd,authorization,content-type';

const ofDevice = (headers: string): Resource => ({
  methods: ['POST', 'PUT'],
  pages: { methods: 'POST', headers, exposed },
});
const ofOthers = (headers: string): Resource => ({
  methods: ['PUT'],
  pages: { methods: 'PUT', headers, exposed },
});

const own = { telemetry: ofDevice(telemetryHeaders), event: ofDevice(eventHeaders) } as const;
const named = { telemetry: ofOthers(telemetryHeaders), event: ofOthers(eventHeaders) } as const;
const commandResponse: Resource = {
  methods: ['POST', 'PUT'],
  pages: { methods: 'PUT,POST', headers: 'hono-cmd-status,authorization,content-type' },
};

/** @param url of the request, with its query. `undefined`: there is nothing. */
export function resourceAt(url: string): Resource | undefined {
  const [, endpoint, rest] = /^\/(telemetry|event|command\/res)(?:\/([^?]*))?(?:\?|$)/.exec(url) ?? [];
  switch (endpoint) {
    case 'telemetry':
    case 'event':
      return rest ? named[endpoint] : own[endpoint];
    case 'command/res':
      return commandResponse;
    default:
      return undefined;
  }
}
