import type { Question } from './question.ts';

/** The name of nothing and no one: where something has it, the answer is as good. */
const name = 'rollcall-probe';

type Asking = Pick<Question, 'subject' | 'properties' | 'body'>;

const assertion: Asking = { subject: 'assert', properties: { device_id: name } };
const tenant: Asking = get({ 'tenant-id': name });
const credentials: Asking = get({ type: 'hashed-password', 'auth-id': name });

/**
 * What every service that works can answer, at the address of another question: it registers nothing, and sends no event. A service may
 * be unable to answer the other one only, e.g. where that would register a device.
 */
export function neutralQuestion(address: string): Question {
  const [endpoint] = address.split('/', 1);
  const asking = endpoint === 'registration' ? assertion : endpoint === 'credentials' ? credentials : tenant;
  return { address, ...asking };
}

function get(query: Readonly<Record<string, string>>): Asking {
  return { subject: 'get', properties: {}, body: new TextEncoder().encode(JSON.stringify(query)) };
}
