import { deviceRef, type DeviceRef } from '@rollcall/core';
import type { DeviceDataSender, DeviceMessage, UploadFailure } from '@rollcall/core/device-data';
import type { Clock, Random } from '@rollcall/core/environment';
import type { DeviceRegistry, Registration, Tenant } from '@rollcall/core/registry';
import { printable } from '@rollcall/core/text';
import { emptyNotificationContentType } from '@rollcall/hono-wire';
import { splitDefaults } from '@rollcall/hono-wire/internal';
import { adapterEnabled, refusalTexts } from '@rollcall/access/internal';
import type { UploadRequest, UploadResult } from './host-uplink.ts';
import { serveAll } from '@rollcall/containment';
import { withGivenProperties } from './given-properties.ts';
import type { KnownUploaders, UploaderFacts } from './known-uploaders.ts';
import { mergedDefaults } from './merged-defaults.ts';
import { timeTillDisconnect } from './time-till-disconnect.ts';
import { timeToLiveSeconds } from './time-to-live.ts';
import { traceContext } from './trace-context.ts';

export interface UploadContext {
  readonly adapterType: string;
  readonly registry: DeviceRegistry;
  readonly known: KnownUploaders;
  readonly sender: DeviceDataSender;
  readonly clock: Clock;
  readonly random: Random;
  /** Whether data of this device may come now from a sender that did not authenticate. */
  allowsAnonymous(device: DeviceRef): boolean;
}

type Failed = Extract<UploadResult, { status: 'failed' }>;

/** Something of ours threw. */
export const failedInside: Failed = failed(500, 'internal error');

export const tooManyMessages: Failed = failed(429, 'too many messages, try again later');

/** Checks an upload as Hono does (`docs/hono-compatibility.md` §5), completes it with default properties, and sends it. */
export async function upload(request: UploadRequest, context: UploadContext): Promise<UploadResult> {
  const malformed = contentProblem(request);
  if (malformed !== undefined) return failed(400, malformed);

  const target = resolveTarget(request);
  if ('status' in target) return target;

  const { by } = request;
  const facts = (by?.device === target && context.known.find(by)) || (await lookUp(request, target, context));
  if ('status' in facts) return facts;
  // Checked only now: an anonymous sender could otherwise fill the limiter with names of devices that do not exist.
  if (!request.by && !context.allowsAnonymous(target)) return tooManyMessages;

  const message = compose(request, facts.registration, facts.tenant, context);
  // The network's links are everybody's: what goes wrong there later is not this device's loss alone.
  const outcome = await serveAll(() => context.sender.send(message));
  if (outcome.status === 'failed') return { ...outcome, terminal: false };
  return request.ttdAsked && message.ttdSeconds !== undefined
    ? { ...outcome, ttdSeconds: message.ttdSeconds }
    : outcome;
}

/** It becomes a symbol (AMQP 1.0 §3.2.4), and was a header once (RFC 9110 §5.5). */
const contentTypePattern = /^[\u0020-\u007e]{1,256}$/;

/** The rules about QoS, payload and content type that all adapters share (`docs/hono-compatibility.md` §2). */
function contentProblem({
  endpoint,
  qos,
  qos0EventText = 'Only QoS 1 supported for event messages',
  payload,
  contentType,
}: UploadRequest): string | undefined {
  if (endpoint === 'event' && qos === 0) return qos0EventText;
  if (contentType !== undefined && !contentTypePattern.test(contentType)) return 'malformed content type';
  const empty = payload === undefined || payload.byteLength === 0;
  if (empty && contentType === undefined) return 'empty payload requires a content type';
  if (!empty && contentType === emptyNotificationContentType)
    return `Content-Type ${contentType} does not match payload`;
  return undefined;
}

/** The device the data is about. */
function resolveTarget({ by, target }: UploadRequest): DeviceRef | Failed {
  if (!by)
    return target?.tenant === undefined
      ? failed(400, 'unauthenticated client must provide tenant and device ID in message address')
      : deviceRef(target.tenant, target.device);
  if (!target) return by.device;
  if (target.tenant !== undefined && target.tenant !== by.device.tenant)
    return failed(403, 'not authorized to upload data for device from other tenant');
  return deviceRef(by.device.tenant, target.device);
}

/** What the registry says of the device the data is about, and of its tenant. */
async function lookUp(
  request: UploadRequest,
  target: DeviceRef,
  context: UploadContext,
): Promise<UploaderFacts | Failed> {
  const { by } = request;
  const remember = context.known.lookingUp();
  const [registration, tenant] = await Promise.all([
    assertRegistered(request, target, context.registry),
    currentTenant(request, target, context),
  ]);
  if (registration.status === 'failed') return registration;
  if (tenant.status === 'failed') return tenant;
  const facts: UploaderFacts = { registration: registration.value, tenant: tenant.value };
  if (by?.device === target) remember(by, facts);
  return facts;
}

async function assertRegistered(
  { by }: UploadRequest,
  target: DeviceRef,
  registry: DeviceRegistry,
): Promise<{ readonly status: 'found'; readonly value: Registration } | Failed> {
  const own = !by || target.device === by.device.device;
  const answer = await registry.assertRegistration(target, own ? undefined : by.device.device);
  /** Only where the uploader itself may not connect any more, and not where it may not act for another device. */
  const isTerminal = async (): Promise<boolean> =>
    by !== undefined && (own || !(await isRegistered(by.device, registry)));
  switch (answer.status) {
    case 'found':
      return answer;
    case 'not-authorized':
      return failed(
        403,
        'gateway is disabled, not registered or not authorized to act for the device',
        await isTerminal(),
      );
    case 'not-found':
      return failed(404, refusalTexts['device-not-registered'], await isTerminal());
    case 'unavailable':
      return failed(503, refusalTexts.unavailable);
    default:
      return answer satisfies never;
  }
}

async function isRegistered(device: DeviceRef, registry: DeviceRegistry): Promise<boolean> {
  return (await registry.assertRegistration(device)).status !== 'not-found';
}

async function currentTenant(
  { by }: UploadRequest,
  target: DeviceRef,
  { registry, adapterType }: UploadContext,
): Promise<{ readonly status: 'found'; readonly value: Tenant } | Failed> {
  const terminal = by !== undefined;
  const answer = await registry.getTenant(target.tenant);
  if (answer.status === 'unavailable') return failed(503, refusalTexts.unavailable);
  if (answer.status === 'not-found' || !answer.value.enabled)
    return failed(403, refusalTexts['tenant-disabled'], terminal);
  if (!adapterEnabled(answer.value, adapterType))
    return failed(403, refusalTexts['adapter-disabled'], terminal);
  return answer;
}

function compose(
  request: UploadRequest,
  registration: Registration,
  tenant: Tenant,
  { adapterType, clock, random }: UploadContext,
): DeviceMessage {
  const defaults = splitDefaults(mergedDefaults(tenant.defaults, registration.defaults));
  const contentType =
    request.contentType ??
    defaults.contentType ??
    (request.payload?.byteLength ? 'application/octet-stream' : undefined);
  const ttlSeconds = timeToLiveSeconds(request, defaults, tenant.limits);
  const { ttdAsked: ttd } = request;
  const ttdSeconds =
    request.ttdSeconds ?? (ttd && timeTillDisconnect(ttd.seconds, tenant, adapterType, ttd.longestSeconds));
  return {
    endpoint: request.endpoint,
    device: registration.device,
    ...(request.by && request.by.device.device !== registration.device.device && { by: request.by.device }),
    qos: request.qos,
    creationTime: clock.now(),
    origAdapter: adapterType,
    origAddress: printable(request.origAddress),
    properties: withGivenProperties(defaults.properties, request.properties, tenant, adapterType),
    ...traceContext(request, random),
    ...(contentType !== undefined && { contentType }),
    ...(defaults.contentEncoding !== undefined && { contentEncoding: defaults.contentEncoding }),
    ...(request.payload !== undefined && { payload: request.payload }),
    ...(ttlSeconds !== undefined && { ttlMs: ttlSeconds * 1000 }),
    ...(request.retain === true && { retain: true }),
    ...(ttdSeconds !== undefined && { ttdSeconds }),
  };
}

function failed(status: UploadFailure['status'], text: string, terminal = false): Failed {
  return { status: 'failed', failure: { status, text }, terminal };
}
