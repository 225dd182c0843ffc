import { useEffect, useRef } from 'preact/hooks';

/** Asked for where the service wants a token. It is kept for this tab, and sent to this service alone. */
export function TokenForm({ isSecond, use }: { readonly isSecond: boolean; use(token: string): void }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <main class="token">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const token = field.current?.value.trim();
          if (token) use(token);
        }}
      >
        <span class="mark" aria-hidden="true" />
        <h1>Who is asking?</h1>
        {isSecond && (
          <p role="alert" class="problem">
            The service did not accept the token, or it is over.
          </p>
        )}
        <label>
          Token
          <input ref={field} type="password" name="token" autoComplete="off" spellcheck={false} required />
        </label>
        <p class="hint">It is kept until this tab is closed, and sent to this service only.</p>
        <button type="submit">Show the devices</button>
      </form>
    </main>
  );
}
