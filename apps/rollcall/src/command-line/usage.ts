import { networkPresets } from '@rollcall/amqp-sender/internal';

/** What `--help` prints. */
export const usage = `Usage: rollcall <command> [options]

  up        starts everything on this machine and prints connection events
              --port-offset N   moves all ports by N
              --data DIR        where state and logs are kept (default .rollcall)
              --registry FILE   tenants and devices in a file, and no device registry
              --json            events as JSON lines on standard output
  devices   shows who is online, since when and over what; who left, when and why
              takes the options of tail, and
              --once            prints who is known, and ends; --wait SECONDS listens for so long first (default 10)
              --online          only who is online
              --presence-url URL  asks a presence service, which knows it already (also: ROLLCALL_PRESENCE_URL);
                                with the token in ROLLCALL_PRESENCE_TOKEN, or ROLLCALL_PRESENCE_TOKEN_FILE
  endings   says who left for what reason, the latest first, and whether they are back; a presence service is asked
              --presence-url URL  and the token, as for devices (default http://127.0.0.1:8090)
              --port-offset N   the one of \`up\`, instead of --presence-url
              --tenant ID       can be repeated (default DEFAULT_TENANT)
              --within MINUTES  how far back (default 60)
              --reason REASON   those alone that left so
              --json            a line of JSON for each
  tail      follows the connection events of tenants; other consumers miss none, and nothing is left behind
              --url URL         amqp://host:port of the messaging network (default amqp://127.0.0.1:15672)
              --port-offset N   the one of \`up\`, instead of --url
              --network KIND    of the messaging network: ${Object.keys(networkPresets).join(', ')} (default hono)
              --tenant ID       can be repeated (default DEFAULT_TENANT)
              --queue NAME      a queue that you declared, on networks without subscriptions (RabbitMQ)
              --drop-others     takes messages that are not connection events out of that queue
              --address A       address to receive from; if it is a queue, its other consumers miss events
              everything else comes from ROLLCALL_MESSAGING_… as for adapters: host, credentials, TLS, virtual host
              --json            events as JSON lines
  fleet     shows the adapters of a fleet: connections of each, its engine, who is dead and what is owed
              the engine comes from ROLLCALL_DIRECTORY_… as for adapters: URL, prefix, credentials, TLS
              --json            one object for programs
  demo      plays MQTT and HTTP devices that connect, upload, are killed, come back, fall silent, and leave
              --port-offset N   the one of \`up\`
  journal   shows the events that an adapter has still to send; FILE… are journals (default: those of \`up\`)
              status [FILE…]        how many events wait or are parked, and how many connections are open
              list [FILE…]          each event that is not confirmed; --json for programs
              retry-parked [FILE…]  sends the waiting and the parked events; the adapter must not run
              backup FILE TARGET    makes a whole copy, in a directory that is there; the adapter may run
              discard FILE --sink NAME --yes   drops the events for a sink that is gone; the adapter must not run
              --data DIR, --url URL, --port-offset N   as for \`up\` and tail
              --network KIND    and ROLLCALL_MESSAGING_…, as for tail; use the addresses of the adapter
  bury      ends the connections of an adapter that never comes back: bury ADAPTER-ID; refused while it is heard
              --journal FILE    its journal (default: that of \`up\`)
              --table FILE      if the journal is lost too: lines that \`devices --json\` printed
              --wait SECONDS    listens for the adapter for so long first (default 10); --queue NAME and --drop-others as for tail
              --unheard         does not listen first
              --data DIR, --url URL, --port-offset N, --network KIND   as for journal
  registry  looks into a device registry and changes it, checks a registry file, and makes secrets for it
              check FILE        lists all mistakes in it, and counts what is in it
              --served FILE     and compares it with the file that is served now
              --network KIND    the messaging network that must carry its tenants (default hono)
              accept FILE       what is missing in it is missing on purpose: adapters hold nothing back
              hash-password     reads a password from standard input, and prints a secret for the file
              --bcrypt COST     with bcrypt (4 to 12) instead of SHA-512
              list [TENANT]     tenants, or the devices of one; --json for programs
              show TENANT, show TENANT/DEVICE   what is stored of it, but for secrets
              --file FILE       list and show read a registry file instead
              add TENANT, add TENANT/DEVICE     --content FILE: JSON of what is said of it
              --password        reads the password of the device from standard input; --auth-id ID: its name in logins
              remove TENANT, remove TENANT/DEVICE --yes
              import FILE       writes a registry file to it: what is there is replaced, nothing is removed
              --url URL         of its management API (default http://127.0.0.1:28080, also: ROLLCALL_REGISTRY_HTTP_URL)
              --port-offset N   the one of \`up\`, instead of --url
              who asks is in ROLLCALL_REGISTRY_HTTP_TOKEN, or in ROLLCALL_REGISTRY_HTTP_USERNAME and _PASSWORD
  network   runs the embedded messaging network alone, for development
              --port N          (default 15672)
              --data DIR        where events are kept (default .rollcall/network)

  --help, --version
`;
