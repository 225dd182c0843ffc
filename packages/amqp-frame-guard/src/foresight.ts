import { Conversation, type ConversationOptions } from './conversation.ts';
import { field } from './fields.ts';
import { createFrameSplitter } from './frame-splitter.ts';
import { bodyOf, frameTypes, performativeOf } from './frame.ts';
import type { GuardLimits } from './guard-limits.ts';
import { isClose } from './is-close.ts';
import { Malformed, type Condition } from './malformed.ts';
import { readPerformative } from './performative.ts';

/** How a client ends its connection. */
export type ForeseenEnd =
  /** Its Close; `error` where it says that something is wrong (AMQP 1.0 §2.8.14). */
  | { readonly type: 'close'; readonly error?: { readonly code: string; readonly text: string } }
  /** It breaks a rule. */
  | { readonly type: 'violation'; readonly problem: string; readonly condition: Condition };

export type ForesightOptions = Pick<ConversationOptions, 'limits' | 'mayAskForTransactions' | 'onDiscard'>;

/**
 * Reads what waits behind the Open of a client, and changes nothing of it.
 *
 * @returns takes what waits, piece by piece; says how the client ends its connection in it, if it does.
 */
export function createForesight(options: ForesightOptions): (bytes: Uint8Array) => ForeseenEnd | undefined {
  const { limits, onDiscard } = options;
  const splitter = createFrameSplitter();
  const conversation = new Conversation({
    ...options,
    ...(onDiscard && { onDiscard: () => {} }),
    isOpen: true,
  });
  let end: ForeseenEnd | undefined;

  function read(): ForeseenEnd | undefined {
    for (;;) {
      const unit = splitter.next(limits.maxFrameBytes);
      if (!unit) return undefined;
      // The conversation changes some frames.
      const frame = Uint8Array.from(unit.bytes);
      conversation.amqp(frame);
      if (isClose(frame)) return closeOf(frame, limits);
    }
  }

  return (bytes) => {
    if (end) return end;
    splitter.push(bytes);
    try {
      end = read();
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      end = { type: 'violation', problem: error.message, condition: error.condition };
    }
    return end;
  };
}

function closeOf(frame: Uint8Array, limits: GuardLimits): ForeseenEnd {
  const close = performativeOf(frame, bodyOf(frame, frameTypes.amqp), limits);
  const at = close.at(field.close.error);
  if (at === undefined || !close.has(field.close.error)) return { type: 'close' };
  const { maxValues: valuesLeft, maxDepth } = limits;
  const error = readPerformative(frame, at, close.end, { valuesLeft, maxDepth });
  const { condition, description } = field.error;
  return {
    type: 'close',
    error: { code: error.text(condition) ?? '', text: error.text(description) ?? '' },
  };
}
