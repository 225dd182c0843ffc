import { nastyStrings } from '@rollcall/conformance/hostile';
import { isPrintable } from '@rollcall/core/text';
import { expect, test } from 'vitest';
import { parseAddress } from './addresses.ts';

test.each(Object.entries(nastyStrings))(
  'an address with %s is refused, unless it is printable',
  (_what, text) => {
    // A slash and `::` mean something in an address.
    const plain = text.replaceAll(/[/:]/g, '');
    const tenant = isPrintable(plain) ? plain : undefined;
    expect(parseAddress(`event/${plain}`)).toEqual(tenant && { kind: 'event', tenant });
    expect(parseAddress(`telemetry/${plain}`)).toEqual(tenant && { kind: 'telemetry', tenant });
    expect(parseAddress(`notification/${plain}`)).toEqual(tenant && { kind: 'notification', topic: plain });
    const subscription = tenant && { kind: 'subscription', tenant: 'acme', name: plain };
    expect(parseAddress(`event/acme::${plain}`)).toEqual(subscription);
  },
);
