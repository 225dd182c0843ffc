import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt3.Mqtt3BlockingClient;
import com.hivemq.client.mqtt.mqtt3.exceptions.Mqtt3ConnAckException;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5ConnAckException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.mqtt.MqttClientOptions;
import io.vertx.mqtt.MqttConnectionException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Devices on MQTT clients of several makes, one after the other. Each tries a wrong password; then it connects, uploads telemetry
 * with QoS 0 and an event with QoS 1, and leaves. Each tells the code with which it was refused, and that it has left.
 *
 * <p>Arguments: port, tenant, password of all devices. The devices are `device-0` and so on; the client id is the name of the client.
 */
public class MqttDevices {
  private static final String HOST = "127.0.0.1";
  private static final long WITHIN_SECONDS = 20;

  private record Login(String clientId, int port, String username, String password) {}

  private record Uploads(byte[] telemetry, byte[] event) {}

  private interface Client {
    /** Returns once it has left; what refuses it throws {@link Refused}. */
    void run(Login login, Uploads uploads) throws Exception;
  }

  private static final class Refused extends Exception {
    Refused(int code) {
      super(String.valueOf(code));
    }
  }

  public static void main(String[] arguments) throws Exception {
    Map<String, Client> clients = new LinkedHashMap<>();
    clients.put("hivemq-3", MqttDevices::hivemq3);
    clients.put("hivemq-5", MqttDevices::hivemq5);
    clients.put("paho-3", MqttDevices::paho3);
    clients.put("paho-5", MqttDevices::paho5);
    clients.put("vertx-3", MqttDevices::vertx3);
    int nth = 0;
    for (Map.Entry<String, Client> each : clients.entrySet()) {
      String username = "device-" + nth + "@" + arguments[1];
      int port = Integer.parseInt(arguments[0]);
      Uploads uploads = new Uploads(crosses(2 * nth + 1), crosses(2 * nth + 2));
      for (String password : new String[] {"guess", arguments[2]}) {
        String told = told(each.getValue(), new Login(each.getKey(), port, username, password), uploads);
        System.out.println(each.getKey() + " " + told);
      }
      nth++;
    }
    System.exit(0);
  }

  private static byte[] crosses(int count) {
    return "x".repeat(count).getBytes(StandardCharsets.UTF_8);
  }

  private static String told(Client client, Login login, Uploads uploads) {
    try {
      client.run(login, uploads);
      return "left";
    } catch (Refused refused) {
      return "refused " + refused.getMessage();
    } catch (Exception error) {
      return "failed " + error;
    }
  }

  private static void hivemq3(Login login, Uploads uploads) throws Exception {
    Mqtt3BlockingClient client =
        com.hivemq.client.mqtt.MqttClient.builder()
            .useMqttVersion3()
            .identifier(login.clientId())
            .serverHost(HOST)
            .serverPort(login.port())
            .buildBlocking();
    try {
      client
          .connectWith()
          .simpleAuth()
          .username(login.username())
          .password(login.password().getBytes())
          .applySimpleAuth()
          .send();
    } catch (Mqtt3ConnAckException refusal) {
      throw new Refused(refusal.getMqttMessage().getReturnCode().getCode());
    }
    client.publishWith().topic("telemetry").qos(MqttQos.AT_MOST_ONCE).payload(uploads.telemetry()).send();
    client.publishWith().topic("event").qos(MqttQos.AT_LEAST_ONCE).payload(uploads.event()).send();
    client.disconnect();
  }

  private static void hivemq5(Login login, Uploads uploads) throws Exception {
    Mqtt5BlockingClient client =
        com.hivemq.client.mqtt.MqttClient.builder()
            .useMqttVersion5()
            .identifier(login.clientId())
            .serverHost(HOST)
            .serverPort(login.port())
            .buildBlocking();
    try {
      client
          .connectWith()
          .simpleAuth()
          .username(login.username())
          .password(login.password().getBytes())
          .applySimpleAuth()
          .send();
    } catch (Mqtt5ConnAckException refusal) {
      throw new Refused(refusal.getMqttMessage().getReasonCode().getCode());
    }
    client.publishWith().topic("telemetry").qos(MqttQos.AT_MOST_ONCE).payload(uploads.telemetry()).send();
    client.publishWith().topic("event").qos(MqttQos.AT_LEAST_ONCE).payload(uploads.event()).send();
    client.disconnect();
  }

  private static void paho3(Login login, Uploads uploads) throws Exception {
    var client =
        new org.eclipse.paho.client.mqttv3.MqttClient(
            "tcp://" + HOST + ":" + login.port(),
            login.clientId(),
            new org.eclipse.paho.client.mqttv3.persist.MemoryPersistence());
    var options = new org.eclipse.paho.client.mqttv3.MqttConnectOptions();
    options.setUserName(login.username());
    options.setPassword(login.password().toCharArray());
    try {
      client.connect(options);
    } catch (org.eclipse.paho.client.mqttv3.MqttSecurityException refusal) {
      throw new Refused(refusal.getReasonCode());
    }
    client.publish("telemetry", uploads.telemetry(), 0, false);
    client.publish("event", uploads.event(), 1, false);
    client.disconnect();
    client.close();
  }

  private static void paho5(Login login, Uploads uploads) throws Exception {
    var client =
        new org.eclipse.paho.mqttv5.client.MqttClient(
            "tcp://" + HOST + ":" + login.port(),
            login.clientId(),
            new org.eclipse.paho.mqttv5.client.persist.MemoryPersistence());
    var options = new org.eclipse.paho.mqttv5.client.MqttConnectionOptions();
    options.setUserName(login.username());
    options.setPassword(login.password().getBytes());
    try {
      client.connect(options);
    } catch (org.eclipse.paho.mqttv5.common.MqttException refusal) {
      throw new Refused(refusal.getReasonCode());
    }
    client.publish("telemetry", uploads.telemetry(), 0, false);
    client.publish("event", uploads.event(), 1, false);
    client.disconnect();
    client.close();
  }

  private static void vertx3(Login login, Uploads uploads) throws Exception {
    Vertx vertx = Vertx.vertx();
    io.vertx.mqtt.MqttClient client =
        io.vertx.mqtt.MqttClient.create(
            vertx,
            new MqttClientOptions()
                .setClientId(login.clientId())
                .setUsername(login.username())
                .setPassword(login.password()));
    try {
      outcome(client.connect(login.port(), HOST));
      Promise<Integer> acknowledged = Promise.promise();
      client.publishCompletionHandler(
          id -> {
            // It is told of QoS 0 too.
            if (id > 0) acknowledged.tryComplete(id);
          });
      outcome(client.publish("telemetry", Buffer.buffer(uploads.telemetry()), qos(0), false, false));
      outcome(client.publish("event", Buffer.buffer(uploads.event()), qos(1), false, false));
      outcome(acknowledged.future());
      outcome(client.disconnect());
    } catch (ExecutionException failure) {
      if (failure.getCause() instanceof MqttConnectionException refusal)
        throw new Refused(refusal.code().byteValue());
      throw failure;
    } finally {
      outcome(vertx.close());
    }
  }

  private static io.netty.handler.codec.mqtt.MqttQoS qos(int level) {
    return io.netty.handler.codec.mqtt.MqttQoS.valueOf(level);
  }

  private static <T> T outcome(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(WITHIN_SECONDS, TimeUnit.SECONDS);
  }
}
