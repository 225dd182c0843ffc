/** What to do first. */
export function Empty({
  problem,
  isAsked,
}: {
  readonly problem: string | undefined;
  readonly isAsked: boolean;
}) {
  if (problem !== undefined)
    return (
      <section class="empty" role="alert">
        <h1>No answer</h1>
        <p>The service says: {problem}. It is asked again every 10 s.</p>
      </section>
    );
  if (!isAsked) return <p class="empty">…</p>;
  return (
    <section class="empty">
      <h1>No device yet</h1>
      <p>
        The first device appears here within a second. After <code>npm start</code>, in another terminal (with{' '}
        <code>--port-offset</code>, add it to the ports):
      </p>
      <pre tabIndex={0}>
        <code>
          {`mosquitto_sub -h 127.0.0.1 -p 1883 -u sensor1@DEFAULT_TENANT -P hono-secret \\
  -i thermostat-7 -t command///req/#`}
        </code>
      </pre>
      <p>or, without a connection:</p>
      <pre tabIndex={0}>
        <code>
          {`curl -i -u sensor2@DEFAULT_TENANT:hono-secret -H 'content-type: application/json' \\
  --data '{"temp": 21.5}' http://127.0.0.1:8080/event`}
        </code>
      </pre>
      <p>
        Nothing at hand? <code>npm run rollcall -- demo</code> has devices that connect, fall silent, and
        leave.
      </p>
    </section>
  );
}
