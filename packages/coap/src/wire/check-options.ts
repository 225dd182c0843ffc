import { isUtf8 } from 'node:buffer';
import type { CoapOption } from './coap-message.ts';
import { isCritical } from './coap-option.ts';
import { knownOptions, type OptionDefinition } from './option-definition.ts';

/** A critical option that is unknown, or has no valid form. */
interface BadOption {
  readonly badOption: number;
}

/** Returns the options that are valid or unknown, or a critical one that is not valid. */
export type OptionsCheck = (options: readonly CoapOption[]) => readonly CoapOption[] | BadOption;

/**
 * An option of a length it cannot have, or that is repeated too often, counts as unknown (RFC 7252 §5.4.3, §5.4.5), and so is text that is
 * no UTF-8. A critical one of that kind is refused, an elective one is left out (§5.4.1). Elective ones without a definition stay.
 */
export function createOptionsCheck(more: readonly OptionDefinition[] = []): OptionsCheck {
  const definitions = new Map([...knownOptions, ...more].map((each) => [each.number, each]));

  function makesSense(option: CoapOption, previousNumber: number): boolean {
    const { number, value } = option;
    const definition = definitions.get(number);
    if (definition === undefined) return !isCritical(number);
    if (value.length < definition.minBytes || value.length > definition.maxBytes) return false;
    if (number === previousNumber && definition.repeatable !== true) return false;
    return definition.format !== 'string' || isText(value);
  }

  return (options) => {
    let previousNumber = -1;
    let kept: CoapOption[] | undefined;
    for (let index = 0; index < options.length; index++) {
      const option = options[index];
      if (option === undefined) break;
      if (makesSense(option, previousNumber)) {
        kept?.push(option);
      } else {
        if (isCritical(option.number)) return { badOption: option.number };
        kept ??= options.slice(0, index);
      }
      previousNumber = option.number;
    }
    return kept ?? options;
  };
}

function isText(value: Uint8Array): boolean {
  for (const byte of value) if (byte >= 0x80) return isUtf8(value);
  return true;
}
