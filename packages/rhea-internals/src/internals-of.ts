import rhea from 'rhea';
import type {
  RawConnection,
  RawContainer,
  RawDelivery,
  RawReader,
  RawReceived,
  RawReceiver,
  RawSaslServer,
  RawSender,
  RawSession,
} from './raw.ts';

/** The same object, seen from inside. The only place that casts: all that is said here is checked by `check-rhea.ts`. */
export function internalsOf(container: rhea.Container): RawContainer;
export function internalsOf(connection: rhea.Connection): RawConnection;
export function internalsOf(session: rhea.Session): RawSession;
export function internalsOf(sender: rhea.Sender): RawSender;
export function internalsOf(receiver: rhea.Receiver): RawReceiver;
export function internalsOf(link: rhea.Sender | rhea.Receiver): RawSender | RawReceiver;
export function internalsOf(of: unknown): unknown {
  return of;
}

/** A delivery that was sent, seen from inside. */
export function sentInternalsOf(delivery: rhea.Delivery): RawDelivery {
  return delivery as unknown as RawDelivery;
}

/** A delivery that was received, seen from inside. */
export function receivedInternalsOf(delivery: rhea.Delivery): RawReceived {
  return delivery as unknown as RawReceived;
}

/** A link of a session, seen from outside. */
export function receiverOf(link: RawReceiver): rhea.Receiver {
  return link as unknown as rhea.Receiver;
}

/** A delivery that rhea keeps, or that stands in for one, seen from outside. */
export function asDelivery(delivery: RawDelivery | RawReceived): rhea.Delivery {
  return delivery as unknown as rhea.Delivery;
}

/** What rhea's modules are made of, which its typings leave out or get wrong. */
export const modules = rhea as unknown as {
  readonly types: { readonly Reader: { readonly prototype: RawReader } };
  readonly sasl: {
    readonly Server: new (connection: object, mechanisms: object) => RawSaslServer;
    readonly Selective: new (
      connection: object,
      mechanisms: object,
    ) => Required<Pick<RawSaslServer, 'transports'>>;
  };
  readonly message: {
    decode(bytes: Buffer): object;
    accepted(): { described(): unknown };
    released(): { described(): unknown };
  };
};

/** The outcome `accepted`, as it is written. */
export function acceptedOutcome(): unknown {
  return modules.message.accepted().described();
}

/** The outcome `released`, as it is written. */
export function releasedOutcome(): unknown {
  return modules.message.released().described();
}
