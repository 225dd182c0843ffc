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
import { coapOption } from '../wire/coap-option.ts';
import type { Deadlines } from './deadlines.ts';
import { readUint, uintOption } from '../wire/option-values.ts';
import { transferName } from './transfer-name.ts';
import { createBlockTransfers, type BlockTransfers } from './block-transfers.ts';

/** A request's body is whole and goes on to the handler, or the request is answered without it. */
type Received = { readonly body: Uint8Array } | { readonly answer: CoapResponse };

/** Puts together bodies that arrive in blocks (RFC 7959 §2.5). */
export interface Uploads {
  readonly transfers: Pick<BlockTransfers<unknown>, 'size' | 'bytes' | 'forgetAll'>;
  receive(peer: unknown, request: CoapRequest<unknown>, now: number): Received;
}

/** The beginning of a body. */
interface Upload {
  bytes: Buffer;
  length: number;
}

const textPlain = 0;

export function createUploads(
  limits: Pick<
    CoapLimits,
    'maxBodyBytes' | 'blockBytes' | 'maxUploadBytes' | 'maxUploadsPerPeer' | 'transferLifetimeMs'
  >,
  deadlines: Deadlines,
): Uploads {
  const { maxBodyBytes } = limits;
  const transfers = createBlockTransfers<Upload>({
    deadlines,
    maxBytes: limits.maxUploadBytes,
    maxPerPeer: limits.maxUploadsPerPeer,
    lifetimeMs: limits.transferLifetimeMs,
  });
  const largestSzx = szxWithin(limits.blockBytes);
  const tooLarge: Received = {
    answer: {
      code: coapCode.requestEntityTooLarge,
      options: [uintOption(coapOption.contentFormat, textPlain), uintOption(coapOption.size1, maxBodyBytes)],
      payload: Buffer.from(`body too large, max. ${maxBodyBytes} bytes`),
    },
  };

  function receiveBlock(peer: unknown, request: CoapRequest<unknown>, block: Block, now: number): Received {
    const { payload } = request;
    const { num, more, szx } = block;
    const size = blockBytes(szx);
    if (szx === reservedSzx || (more ? payload.length !== size : payload.length > size))
      return { answer: { code: coapCode.badRequest } };

    const name = transferName(request);
    const offset = num * size;
    const end = offset + payload.length;
    // A client that begins again has forgotten what it sent before (RFC 7959 §2.5).
    const begun = num === 0 ? { bytes: Buffer.alloc(0), length: 0 } : transfers.find(peer, name);
    if (end > maxBodyBytes || (more && (readUint(request, coapOption.size1) ?? 0) > maxBodyBytes)) {
      transfers.drop(peer, name);
      return tooLarge;
    }
    if (num === 0 && !more) {
      transfers.drop(peer, name);
      return { body: payload };
    }
    // The block came already, under another message id: its answer was lost.
    const isKnown = begun !== undefined && more && end <= begun.length && holds(begun, offset, payload);
    if (!isKnown) {
      if (begun === undefined || offset !== begun.length)
        return { answer: { code: coapCode.requestEntityIncomplete } };
      append(begun, payload, maxBodyBytes);
    }
    if (!more) {
      transfers.drop(peer, name);
      return { body: begun.bytes.subarray(0, begun.length) };
    }
    transfers.keep(peer, name, begun, begun.bytes.length + name.length, now);
    const goOn = blockOption(coapOption.block1, { num, more, szx: Math.min(szx, largestSzx) });
    return { answer: { code: coapCode.continue, options: [goOn] } };
  }

  return {
    transfers,
    receive(peer, request, now) {
      const block = readBlock(request, coapOption.block1);
      if (block) return receiveBlock(peer, request, block, now);
      return request.payload.length > maxBodyBytes ? tooLarge : { body: request.payload };
    },
  };
}

function holds({ bytes }: Upload, offset: number, payload: Uint8Array): boolean {
  return bytes.subarray(offset, offset + payload.length).equals(payload);
}

function append(upload: Upload, payload: Uint8Array, maxBytes: number): void {
  const end = upload.length + payload.length;
  if (end > upload.bytes.length) {
    const grown = Buffer.alloc(Math.min(Math.max(end, 2 * upload.bytes.length), maxBytes));
    upload.bytes.copy(grown, 0, 0, upload.length);
    upload.bytes = grown;
  }
  upload.bytes.set(payload, upload.length);
  upload.length = end;
}
