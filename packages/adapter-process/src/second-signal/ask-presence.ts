import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { HeardAnswer } from './judge-answer.ts';
import { readAnswer } from './read-answer.ts';

/** What a presence service is asked with, as it is now. */
export interface PresenceCredentials {
  readonly token: string | undefined;
  /** PEM of the authorities to trust; `undefined`: those of Node.js. */
  readonly ca: string | undefined;
}

/** An answer about one instance is far smaller. */
const maxAnswerBytes = 65_536;

/** Asks a presence service which events of an instance it heard. @throws Error that says what is wrong, without the token. */
export async function askPresence(
  url: string,
  instance: string,
  { token, ca }: PresenceCredentials,
  until: AbortSignal,
): Promise<HeardAnswer> {
  const path = new URL('v1/adapters', url.endsWith('/') ? url : `${url}/`);
  path.searchParams.set('instance', instance);
  const headers = {
    accept: 'application/json',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  // Of its own: it is asked seldom, and by then a connection that was kept would be closed.
  const options = { headers, agent: false, signal: until, ...(ca !== undefined && { ca }) } as const;
  return readAnswer(await textOf(path, options), instance);
}

function textOf(url: URL, options: object): Promise<string> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const asked = request(url, options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('error', reject);
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > maxAnswerBytes) asked.destroy(new Error('the answer is too long'));
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`answered with status ${response.statusCode}`));
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}
