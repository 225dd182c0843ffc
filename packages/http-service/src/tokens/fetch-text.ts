import { request as requestPlain, type IncomingMessage } from 'node:http';
import { request as requestSecurely } from 'node:https';

/** How the server's certificate is checked. */
export interface ServerTrust {
  /** Authorities in PEM, instead of those that Node.js trusts. */
  readonly ca?: string;
  /** Default: the certificate must have the name in the URL. */
  readonly anyName?: boolean;
}

export interface FetchLimits {
  readonly withinMs: number;
  readonly maxBytes: number;
}

/**
 * Fetches the text at a URL, without following redirects. (`fetch` cannot be given its own certificate authorities.)
 *
 * @throws Error if the answer is not 200, in time, and within the limits.
 */
export async function fetchText(
  url: URL,
  accept: string,
  { ca, anyName = false }: ServerTrust,
  { withinMs, maxBytes }: FetchLimits,
): Promise<string> {
  const request = url.protocol === 'https:' ? requestSecurely : requestPlain;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(
      url,
      {
        headers: { accept },
        agent: false,
        signal: AbortSignal.timeout(withinMs),
        ...(ca !== undefined && { ca }),
        ...(anyName && { checkServerIdentity: () => undefined }),
      },
      resolve,
    )
      .on('error', reject)
      .end();
  });
  try {
    if (response.statusCode !== 200) throw new Error(`it was answered with ${response.statusCode}`);
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of response as AsyncIterable<Uint8Array>) {
      bytes += piece.length;
      if (bytes > maxBytes) throw new Error(`it has more than ${maxBytes} bytes`);
      pieces.push(piece);
    }
    if (!response.complete) throw new Error('it ended too early');
    return Buffer.concat(pieces).toString();
  } finally {
    response.destroy();
  }
}
