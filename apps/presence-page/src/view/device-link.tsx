import type { ComponentChildren, HTMLAttributes } from 'preact';
import { usualSpanS, writeRoute } from '../logic/route.ts';
import { Foreign } from './words.tsx';

type Attributes = Pick<HTMLAttributes<HTMLAnchorElement>, 'class' | 'tabIndex' | 'onFocus'> & {
  readonly 'data-row'?: number;
};

/** Leads to a device, here or, as the reader wants it, in another tab. */
export function DeviceLink({
  tenant,
  device,
  spanS = usualSpanS,
  open,
  children = <Foreign text={device} />,
  ...attributes
}: {
  readonly tenant: string;
  readonly device: string;
  readonly spanS?: number;
  open(): void;
  readonly children?: ComponentChildren;
} & Attributes) {
  return (
    <a
      {...attributes}
      href={writeRoute({ tenant, device, order: 'name', spanS })}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        open();
      }}
    >
      {children}
    </a>
  );
}
