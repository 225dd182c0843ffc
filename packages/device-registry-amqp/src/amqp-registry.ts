import { createMinuteGate, type MinuteGate } from '@rollcall/containment';
import { deviceKey, type DeviceId, type DeviceRef, type TenantId } from '@rollcall/core';
import type { Clock, Log } from '@rollcall/core/environment';
import {
  breaksRule,
  type Answer,
  type AssertionAnswer,
  type Credentials,
  type CredentialsType,
  type DeviceRegistry,
  type IdentifierRule,
  type Presented,
  type Registration,
  type RegistryAvailability,
  type RegistryServices,
  type Tenant,
} from '@rollcall/core/registry';
import type { z } from 'zod';
import { credentialsAnswerSchema, credentialsOf } from './answers/credentials-answer.ts';
import { isName, isTenantName } from './answers/names.ts';
import { readJson } from './answers/read-json.ts';
import { registrationAnswerSchema, registrationOf } from './answers/registration-answer.ts';
import { tenantAnswerSchema } from './answers/tenant-answer.ts';
import type { Failed, Question, ServiceAnswer } from './asking/question.ts';
import type { Notification } from './changes/read-notification.ts';
import type { ChangeListeners } from './changes/change-listeners.ts';
import type { KeptLookups, Understood } from './kept/kept-lookups.ts';

export interface AmqpRegistryParts {
  readonly tenants: KeptLookups<Tenant>;
  readonly registrations: KeptLookups<Registration>;
  readonly credentials: KeptLookups<Credentials>;
  readonly listeners: ChangeListeners;
  readonly availability: RegistryAvailability;
  readonly clock: Clock;
  readonly log: Log;
  readonly tenantRules: readonly IdentifierRule[];
  /** Whether notifications of changes arrive, see `RegistryServices`. */
  hearsChanges(): boolean | undefined;
  close(): Promise<void>;
}

const notFound = { status: 'not-found' } as const;
/** The subject of all tenants that were found by a trust anchor: by now, another tenant may trust the same one. */
const byTrustAnchor = 'trust-anchors';

/** Asks the services of a registry as Eclipse Hono's adapters do (`docs/hono-compatibility.md` §17). */
export class AmqpRegistry implements DeviceRegistry {
  readonly #parts: AmqpRegistryParts;
  readonly #gates = new Map<string, MinuteGate>();

  constructor(parts: AmqpRegistryParts) {
    this.#parts = parts;
  }

  get availability(): RegistryAvailability {
    return this.#parts.availability;
  }

  async getTenant(tenant: string): Promise<Answer<Tenant>> {
    const answer = await this.getTenantByName(tenant);
    // The service knows tenants by their aliases, too.
    return answer.status === 'found' && answer.value.id !== tenant ? notFound : answer;
  }

  async getTenantByName(name: string): Promise<Answer<Tenant>> {
    if (!isTenantName(name)) return notFound;
    return this.#tenant(`id\n${name}`, { 'tenant-id': name }, [name]);
  }

  async getTenantByTrustAnchor(subjectDn: string): Promise<Answer<Tenant>> {
    if (!isName(subjectDn)) return notFound;
    return this.#tenant(`dn\n${subjectDn}`, { 'subject-dn': subjectDn }, [byTrustAnchor]);
  }

  async getCredentials<Type extends CredentialsType>(query: {
    readonly tenant: TenantId;
    readonly type: Type;
    readonly authId: string;
    readonly presented?: Presented | undefined;
  }): Promise<Answer<Credentials<Type>>> {
    const { tenant, type, authId, presented = {} } = query;
    const context = Object.entries(presented.context ?? {});
    if (!isTenantName(tenant) || !isName(authId) || !context.every(isInBounds)) return notFound;
    const understood = await this.#parts.credentials.lookUp(
      `${tenant}\n${type}\n${authId}\n${keyOf(presented)}`,
      tenant,
      () => ({
        address: `credentials/${tenant}`,
        subject: 'get',
        properties: {},
        body: json({ ...Object.fromEntries(context), ...certificateOf(presented), type, 'auth-id': authId }),
      }),
      (answer) =>
        this.#understand('credentials', answer, credentialsAnswerSchema, (content) => {
          const value = credentialsOf(query, content);
          return value && { value, about: [value.device.tenant, deviceKey(value.device)] };
        }),
    );
    // Both a new answer and a kept one are of the type that was asked for.
    return this.#answer('credentials', understood) as Answer<Credentials<Type>>;
  }

  async assertRegistration(device: DeviceRef, gateway?: DeviceId): Promise<AssertionAnswer> {
    if (!isTenantName(device.tenant) || !isName(device.device)) return notFound;
    if (gateway !== undefined && !isName(gateway)) return { status: 'not-authorized' };
    const key = deviceKey(device);
    const gatewayKey = gateway === undefined ? undefined : deviceKey({ ...device, device: gateway });
    const understood = await this.#parts.registrations.lookUp(
      gateway === undefined ? key : `${key}\n${gateway}`,
      device.tenant,
      () => assertion(device, gateway),
      (answer) => {
        // Without a gateway, 403 means that the adapter may not ask.
        if (answer.status === 403 && gateway !== undefined) return { status: 'not-authorized' };
        const about = [device.tenant, key, ...(gatewayKey === undefined ? [] : [gatewayKey])];
        return this.#understand('registration', answer, registrationAnswerSchema, (content) => {
          const value = registrationOf(device, content);
          return value && { value, about };
        });
      },
    );
    if (understood.status === 'not-authorized') return { status: 'not-authorized' };
    return this.#answer('registration', understood);
  }

  onChange(listener: Parameters<DeviceRegistry['onChange']>[0]): () => void {
    return this.#parts.listeners.add(listener);
  }

  services(): RegistryServices {
    const { tenants, registrations, credentials } = this.#parts;
    return {
      services: [tenants.figures(), registrations.figures(), credentials.figures()],
      hearsChanges: this.#parts.hearsChanges(),
    };
  }

  /** Forgets answers that are not true any more, and then reports the change. */
  changed(notification: Notification): void {
    const { tenants, registrations, credentials, listeners } = this.#parts;
    switch (notification.of) {
      case 'tenant':
        tenants.drop(notification.tenant);
        tenants.drop(byTrustAnchor);
        // The devices of a deleted tenant are deleted too.
        for (const each of [registrations, credentials]) each.drop(notification.tenant);
        return listeners.tell({ type: 'tenant', tenant: notification.tenant });
      case 'all-devices':
        for (const each of [registrations, credentials]) each.drop(notification.tenant);
        return listeners.tell({ type: 'tenant', tenant: notification.tenant });
      case 'device':
      case 'credentials':
        registrations.drop(deviceKey(notification.device));
        credentials.drop(deviceKey(notification.device));
        // The notification does not name the auth-ids.
        return listeners.tell({ type: 'device', device: notification.device });
      case 'something-else':
        return undefined;
      default:
        return notification satisfies never;
    }
  }

  /** Notifications were missed for a while: all kept answers are asked for again, and all open connections are reviewed. */
  doubtEverything(): void {
    const { tenants, registrations, credentials } = this.#parts;
    for (const each of [tenants, registrations, credentials]) each.doubtAll();
    this.reviewEverything();
  }

  reviewEverything(): void {
    this.#parts.listeners.tell({ type: 'everything' });
  }

  async close(): Promise<void> {
    this.#parts.listeners.clear();
    await this.#parts.close();
  }

  async #tenant(
    key: string,
    query: Readonly<Record<string, string>>,
    about: readonly string[],
  ): Promise<Answer<Tenant>> {
    const understood = await this.#parts.tenants.lookUp(
      key,
      key,
      () => ({ address: 'tenant', subject: 'get', properties: {}, body: json(query) }),
      (answer) =>
        this.#understand('tenant', answer, tenantAnswerSchema, ({ tenant, unusable }) => {
          if (unusable.length > 0)
            this.#warn(
              { tenant: tenant.id, problems: unusable.slice(0, 3) },
              'device registry: authorities of a tenant cannot be used, and are not trusted',
            );
          return { value: tenant, about: [tenant.id, ...about] };
        }),
    );
    const answer = this.#answer('tenant', understood);
    return answer.status === 'found' ? this.#withinRules(answer) : answer;
  }

  /** A tenant that the messaging network cannot carry counts as not found. */
  #withinRules(answer: { readonly status: 'found'; readonly value: Tenant }): Answer<Tenant> {
    const { id } = answer.value;
    const broken = this.#parts.tenantRules.find((rule) => breaksRule(id, rule));
    if (!broken) return answer;
    this.#warn({ tenant: id, reason: broken.reason }, 'device registry: a tenant cannot be used');
    return {
      status: 'unavailable',
      cause: new Error(`the tenant cannot be used: ${broken.reason}`),
      onlyThis: true,
    };
  }

  #understand<Content, Value>(
    service: string,
    answer: ServiceAnswer,
    schema: z.ZodType<Content>,
    found: (content: Content) => { readonly value: Value; readonly about: readonly string[] } | undefined,
  ): Understood<Value> {
    const { status } = answer;
    if (status === 404) return notFound;
    if (status !== 200 && status !== 201) {
      this.#warn({ service, status }, 'device registry: a service refuses to answer');
      return failed('refused', true);
    }
    const read = schema.safeParse(readJson(answer));
    const understood = read.success ? found(read.data) : undefined;
    if (understood) return { status: 'found', ...understood };
    const problems = read.success ? ['it is about something else'] : problemsOf(read.error);
    this.#warn({ service, problems }, 'device registry: an answer cannot be used');
    return failed('unusable', true);
  }

  #answer<Value>(service: string, understood: Understood<Value>): Answer<Value> {
    if (understood.status === 'found') {
      const { value, doubtful } = understood;
      return { status: 'found', value, ...(doubtful && { doubtful }) };
    }
    if (understood.status !== 'failed') return notFound;
    const { why, onlyThis } = understood.failed;
    return {
      status: 'unavailable',
      cause: new Error(`the ${service} service does not answer: ${why}`),
      ...(onlyThis && { onlyThis: true }),
    };
  }

  /** Warns at most once a minute with each text. */
  #warn(facts: Readonly<Record<string, unknown>>, text: string): void {
    let gate = this.#gates.get(text);
    if (!gate) this.#gates.set(text, (gate = createMinuteGate(this.#parts.clock)));
    const heldBack = gate.pass();
    if (heldBack === undefined) return;
    this.#parts.log.warn({ ...facts, ...(heldBack > 0 && { alsoSinceLastLine: heldBack }) }, text);
  }
}

/** No registry has a longer context in its credentials. Leaving out a longer one would mean that none was asked for. */
const maxContextLength = 16_384;

function isInBounds([, text]: readonly [string, string]): boolean {
  return text.length <= maxContextLength;
}

/** A certificate may register the device, so the answer with it is another one than without it. */
function keyOf({ context, certificate }: Presented): string {
  return (certificate ? 'c' : '') + (context ? JSON.stringify(context) : '');
}

function certificateOf({ certificate }: Presented): Readonly<Record<string, string>> {
  return certificate ? { 'client-certificate': Buffer.from(certificate).toString('base64') } : {};
}

function failed(
  why: Failed['why'],
  onlyThis: boolean,
): { readonly status: 'failed'; readonly failed: Failed } {
  return { status: 'failed', failed: { kind: 'failed', why, onlyThis } };
}

function assertion({ tenant, device }: DeviceRef, gateway: DeviceId | undefined): Question {
  return {
    address: `registration/${tenant}`,
    subject: 'assert',
    properties: { device_id: device, ...(gateway !== undefined && { gateway_id: gateway }) },
  };
}

const utf8 = new TextEncoder();

function json(content: Readonly<Record<string, string>>): Uint8Array {
  return utf8.encode(JSON.stringify(content));
}

/** The places of the problems and what is expected there, without the values, which may be secrets. */
function problemsOf({ issues }: z.ZodError): readonly string[] {
  return issues.slice(0, 3).map(({ path, code }) => `${path.map(String).join('.') || 'body'}: ${code}`);
}
