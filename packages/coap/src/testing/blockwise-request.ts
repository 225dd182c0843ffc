import { blockBytes, blockOption, readBlock, szxWithin, type Block } from '../wire/block-option.ts';
import { coapCode, codeClass } from '../wire/coap-code.ts';
import { noBytes, type CoapMessage, type CoapOption } from '../wire/coap-message.ts';
import { coapOption } from '../wire/coap-option.ts';
import { textOption } from '../wire/option-values.ts';

export interface CoapClientRequest {
  /** The method; `coapCode.post` by default. */
  readonly code?: number;
  readonly confirmable?: boolean;
  readonly path?: readonly string[];
  readonly query?: readonly string[];
  readonly options?: readonly CoapOption[];
  /** Sent in blocks if it is larger than `blockBytes`. */
  readonly payload?: Uint8Array;
  readonly blockBytes?: number;
}

/** One message with a request, and the answer to it. */
export type Exchange = (options: readonly CoapOption[], payload: Uint8Array) => Promise<CoapMessage>;

/** The options that a request has in each of its messages. */
function optionsOf({ path = [], query = [], options = [] }: CoapClientRequest): readonly CoapOption[] {
  return [
    ...path.map((segment) => textOption(coapOption.uriPath, segment)),
    ...query.map((argument) => textOption(coapOption.uriQuery, argument)),
    ...options,
  ];
}

/** Sends a body, in blocks if it is large (RFC 7959 §2.5). Returns the answer to the last one, or to the one that failed. */
export async function uploadInBlocks(request: CoapClientRequest, exchange: Exchange): Promise<CoapMessage> {
  const { payload = noBytes } = request;
  const options = optionsOf(request);
  let szx = szxWithin(request.blockBytes ?? 1_024);
  if (payload.length <= blockBytes(szx)) return exchange(options, payload);
  for (let offset = 0; ;) {
    const size = blockBytes(szx);
    const more = offset + size < payload.length;
    const block = blockOption(coapOption.block1, { num: offset / size, more, szx });
    const response = await exchange([...options, block], payload.subarray(offset, offset + size));
    if (!more || response.code !== coapCode.continue) return response;
    offset += size;
    szx = Math.min(szx, readBlock(response, coapOption.block1)?.szx ?? szx);
  }
}

/** Requests the blocks that follow the first one (RFC 7959 §2.4). Returns the whole answer, or the block that was not the expected one. */
export async function downloadRest(
  request: CoapClientRequest,
  first: CoapMessage,
  exchange: Exchange,
): Promise<CoapMessage> {
  const parts = [first.payload];
  let received = first.payload.length;
  for (let block: Block | undefined = readBlock(first, coapOption.block2); block?.more;) {
    const num = received / blockBytes(block.szx);
    const next = blockOption(coapOption.block2, { num, more: false, szx: block.szx });
    const response = await exchange([...optionsOf(request), next], noBytes);
    block = readBlock(response, coapOption.block2);
    if (codeClass(response.code) !== 2 || block?.num !== num) return response;
    parts.push(response.payload);
    received += response.payload.length;
  }
  return { ...first, payload: parts.length === 1 ? first.payload : Buffer.concat(parts) };
}
