import { createHash } from 'node:crypto';
import { answerBudget } from './answer-budget.ts';
import {
  blockBytes,
  blockOption,
  readBlock,
  reservedSzx,
  szxWithin,
  type Block,
} from '../wire/block-option.ts';
import { coapCode } from '../wire/coap-code.ts';
import type { CoapRequest, CoapResponse } from './coap-request.ts';
import type { CoapLimits } from './coap-limits.ts';
import { noBytes } from '../wire/coap-message.ts';
import { coapOption, isCritical } from '../wire/coap-option.ts';
import type { Deadlines } from './deadlines.ts';
import { findOption, uintOption, type HasOptions } from '../wire/option-values.ts';
import { transferName } from './transfer-name.ts';
import { createBlockTransfers, type BlockTransfers } from './block-transfers.ts';

/** Hands out bodies in blocks (RFC 7959 §2.4). */
export interface Downloads {
  readonly transfers: Pick<BlockTransfers<unknown>, 'size' | 'bytes' | 'forgetAll'>;
  /** The answer to a request for a later block, or to an invalid one; `undefined` if the handler has to answer. */
  resume(peer: unknown, request: CoapRequest<unknown>): CoapResponse | undefined;
  /** The part of a handler's answer that goes out now. The rest is kept until the client requests it. */
  begin(
    peer: unknown,
    request: CoapRequest<unknown>,
    response: CoapResponse,
    budgetBytes: number,
    now: number,
  ): CoapResponse;
}

interface Download {
  readonly response: CoapResponse;
  readonly maxSzx: number;
}

const smallestBlockBytes = blockBytes(0);
/** The number and length of an option (RFC 7252 §3.1). */
const maxOptionHeadBytes = 5;
/** Header, token, payload marker, and the options that are added here: Block1, Block2, ETag and Size2. */
const maxOwnBytes = 48;

export function createDownloads(
  limits: Pick<CoapLimits, 'blockBytes' | 'maxDownloadBytes' | 'maxDownloadsPerPeer' | 'transferLifetimeMs'>,
  deadlines: Deadlines,
): Downloads {
  const transfers = createBlockTransfers<Download>({
    deadlines,
    maxBytes: limits.maxDownloadBytes,
    maxPerPeer: limits.maxDownloadsPerPeer,
    lifetimeMs: limits.transferLifetimeMs,
  });

  return {
    transfers,
    resume(peer, request) {
      const block = readBlock(request, coapOption.block2);
      if (block === undefined) return undefined;
      if (block.szx === reservedSzx) return { code: coapCode.badRequest };
      if (block.num === 0) return undefined;
      const download = transfers.find(peer, transferName(request));
      if (download) return blockOf(download.response, offsetOf(block), Math.min(block.szx, download.maxSzx));
      // A GET may be handled again. Any other handler must not run twice for one answer.
      return request.code === coapCode.get ? undefined : { code: coapCode.requestEntityIncomplete };
    },
    begin(peer, request, response, budgetBytes, now) {
      const block = readBlock(request, coapOption.block2);
      const { payload = noBytes } = response;
      const fixedBytes = maxOwnBytes + optionBytes(response);
      const maxBytes = Math.min(limits.blockBytes, budgetBytes - fixedBytes);
      if (block === undefined && payload.length <= Math.max(maxBytes, smallestBlockBytes)) return response;

      // Some clients fail when the block size changes, so all blocks must fit the smallest request for one.
      const laterBytes = budgetBytes === Infinity ? Infinity : answerBudget(leastBytes(request)) - fixedBytes;
      const maxSzx = szxWithin(Math.min(maxBytes, laterBytes));
      const szx = Math.min(block?.szx ?? maxSzx, maxSzx);
      if (payload.length <= blockBytes(szx) && block?.num === 0) return blockOf(response, 0, szx);
      const whole = withETag(response, payload);
      const name = transferName(request);
      transfers.keep(peer, name, { response: whole, maxSzx }, payload.length + name.length, now);
      return blockOf(whole, block === undefined ? 0 : offsetOf(block), szx);
    },
  };
}

/** A request for a later block has at least the critical options of the first one, Block1 apart. */
function leastBytes({ options }: CoapRequest<unknown>): number {
  const kept = options.filter(({ number }) => isCritical(number) && number !== coapOption.block1);
  return 4 + optionBytes({ options: kept }, 1);
}

function optionBytes({ options = [] }: Partial<HasOptions>, headBytes = maxOptionHeadBytes): number {
  return options.reduce((sum, { value }) => sum + headBytes + value.length, 0);
}

function offsetOf({ num, szx }: Block): number {
  return num * blockBytes(szx);
}

/** The block of a body that begins at `offset`. */
function blockOf(
  { code, options = [], payload = noBytes }: CoapResponse,
  offset: number,
  szx: number,
): CoapResponse {
  if (offset > 0 && offset >= payload.length) return { code: coapCode.badRequest };
  const size = blockBytes(szx);
  const end = Math.min(offset + size, payload.length);
  const block = blockOption(coapOption.block2, { num: offset / size, more: end < payload.length, szx });
  // With the first block the client learns whether it has room for the rest (RFC 7959 §4).
  const size2 = offset === 0 && end < payload.length ? [uintOption(coapOption.size2, payload.length)] : [];
  return { code, options: [...options, block, ...size2], payload: payload.subarray(offset, end) };
}

/** The entity tag shows a client that the blocks belong to the same body (RFC 7959 §2.4). */
function withETag(response: CoapResponse, payload: Uint8Array): CoapResponse {
  const options = response.options ?? [];
  if (findOption({ options }, coapOption.eTag)) return response;
  const value = createHash('sha256').update(payload).digest().subarray(0, 8);
  return { ...response, options: [...options, { number: coapOption.eTag, value }] };
}
