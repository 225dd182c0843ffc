/*
 * A floor: Qpid Proton's C library, making and sending messages like those of load/device-message.mjs.
 *
 *   sender-proton <port> <window>
 *
 * Reads from standard input how many to send, a number in each line, and answers each line with "done" once all of them were
 * accepted. Says "ready" first.
 */
#include <proton/connection.h>
#include <proton/delivery.h>
#include <proton/link.h>
#include <proton/message.h>
#include <proton/proactor.h>
#include <proton/session.h>
#include <proton/transport.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char address[] = "event/bench";
static char payload[200];

static unsigned long left_to_send, unconfirmed, sent, window;
static pn_rwbytes_t encoded;

static void put_string(pn_data_t *data, const char *text) {
  pn_data_put_string(data, pn_bytes(strlen(text), text));
}

static void put_symbol(pn_data_t *data, const char *text) {
  pn_data_put_symbol(data, pn_bytes(strlen(text), text));
}

static void put_map(pn_data_t *data) {
  pn_data_put_map(data);
  pn_data_enter(data);
}

static void fill(pn_message_t *message) {
  char id[32];
  int id_length = snprintf(id, sizeof id, "rollcall-%lu", sent);
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);

  pn_message_clear(message);
  pn_message_set_durable(message, true);
  pn_data_put_string(pn_message_id(message), pn_bytes(id_length, id));
  pn_message_set_address(message, address);
  pn_message_set_content_type(message, "application/octet-stream");
  pn_message_set_creation_time(message, now.tv_sec * 1000 + now.tv_nsec / 1000000);

  pn_data_t *annotations = pn_message_annotations(message);
  put_map(annotations);
  put_symbol(annotations, "tenant_id");
  put_string(annotations, "bench");
  put_symbol(annotations, "device_id");
  put_string(annotations, "device-1");
  put_symbol(annotations, "resource");
  put_string(annotations, "event/bench/device-1");
  put_symbol(annotations, "x-opt-trace-context");
  put_map(annotations);
  put_symbol(annotations, "traceparent");
  put_string(annotations, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  pn_data_exit(annotations);
  pn_data_exit(annotations);

  pn_data_t *properties = pn_message_properties(message);
  put_map(properties);
  put_string(properties, "device_id");
  put_string(properties, "device-1");
  put_string(properties, "qos");
  pn_data_put_int(properties, 1);
  put_string(properties, "orig_adapter");
  put_string(properties, "hono-mqtt");
  put_string(properties, "orig_address");
  put_string(properties, "event");
  pn_data_exit(properties);

  pn_message_set_inferred(message, true);
  pn_data_put_binary(pn_message_body(message), pn_bytes(sizeof payload, payload));
}

static void send_more(pn_link_t *sender, pn_message_t *message) {
  while (left_to_send > 0 && unconfirmed < window && pn_link_credit(sender) > 0) {
    left_to_send -= 1;
    unconfirmed += 1;
    sent += 1;
    fill(message);
    pn_delivery(sender, pn_dtag((const char *)&sent, sizeof sent));
    if (pn_message_send(message, sender, &encoded) < 0) {
      fprintf(stderr, "cannot encode the message\n");
      exit(1);
    }
  }
}

static void next_round(void) {
  char line[32];
  if (fgets(line, sizeof line, stdin) == NULL) exit(0);
  left_to_send = strtoul(line, NULL, 10);
}

static void say(const char *what) {
  puts(what);
  fflush(stdout);
}

static void handle(pn_event_t *event, pn_message_t *message) {
  switch (pn_event_type(event)) {
    case PN_CONNECTION_INIT: {
      pn_connection_t *connection = pn_event_connection(event);
      pn_connection_set_container(connection, "sender-proton");
      pn_connection_open(connection);
      pn_session_t *session = pn_session(connection);
      pn_session_open(session);
      pn_link_t *sender = pn_sender(session, "sender");
      pn_terminus_set_address(pn_link_target(sender), address);
      pn_link_open(sender);
      break;
    }
    case PN_LINK_FLOW:
      if (sent == 0 && unconfirmed == 0) {
        say("ready");
        next_round();
      }
      send_more(pn_event_link(event), message);
      break;
    case PN_DELIVERY: {
      pn_delivery_t *delivery = pn_event_delivery(event);
      if (pn_delivery_remote_state(delivery) != PN_ACCEPTED) {
        fprintf(stderr, "not accepted\n");
        exit(1);
      }
      pn_delivery_settle(delivery);
      unconfirmed -= 1;
      if (unconfirmed == 0 && left_to_send == 0) {
        say("done");
        next_round();
      }
      send_more(pn_event_link(event), message);
      break;
    }
    case PN_TRANSPORT_ERROR: {
      pn_condition_t *condition = pn_transport_condition(pn_event_transport(event));
      fprintf(stderr, "%s\n", pn_condition_get_description(condition));
      exit(1);
    }
    default:
      break;
  }
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  char host_and_port[32];
  snprintf(host_and_port, sizeof host_and_port, "127.0.0.1:%s", arguments[1]);
  window = strtoul(arguments[2], NULL, 10);
  memset(payload, 'x', sizeof payload);

  pn_proactor_t *proactor = pn_proactor();
  pn_message_t *message = pn_message();
  pn_proactor_connect2(proactor, NULL, NULL, host_and_port);
  for (;;) {
    pn_event_batch_t *events = pn_proactor_wait(proactor);
    for (pn_event_t *event = pn_event_batch_next(events); event; event = pn_event_batch_next(events))
      handle(event, message);
    pn_proactor_done(proactor, events);
  }
}
