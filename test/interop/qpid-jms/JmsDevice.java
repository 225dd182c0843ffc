import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.DeliveryMode;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.qpid.jms.JmsConnectionFactory;

/**
 * A device on Qpid JMS: connects, does what it is told, and says what became of each step, a line each.
 *
 * <p>Arguments: URL, user name, password, then steps: what to do, an address, and bytes of the payload. `text` and `bytes` send a
 * message, each over a link of its own, which stays; `fixed` makes a link to that address, `receive` one from it, and `transacted`
 * sends in a transaction.
 */
public class JmsDevice {
  private static final Pattern CONDITION = Pattern.compile("condition = ([a-z:-]+)");

  private final Connection connection;
  private final Session session;

  private JmsDevice(Connection connection) throws JMSException {
    this.connection = connection;
    session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
  }

  public static void main(String[] arguments) throws Exception {
    JmsConnectionFactory factory = new JmsConnectionFactory(arguments[1], arguments[2], arguments[0]);
    factory.setClientID("jms");
    JmsDevice device;
    try {
      Connection connection = factory.createConnection();
      connection.start();
      device = new JmsDevice(connection);
    } catch (JMSException refused) {
      System.out.println("refused");
      System.exit(0);
      return;
    }
    for (int step = 3; step + 2 < arguments.length; step += 3)
      System.out.println(
          device.outcomeOf(arguments[step], arguments[step + 1], Integer.parseInt(arguments[step + 2])));
    device.connection.close();
    System.exit(0);
  }

  private String outcomeOf(String what, String address, int bytes) {
    try {
      take(what, session.createQueue(address), "x".repeat(bytes));
      return "done";
    } catch (JMSException error) {
      Matcher condition = CONDITION.matcher(String.valueOf(error.getMessage()));
      return condition.find() ? condition.group(1) : error.getMessage();
    }
  }

  private void take(String what, Queue address, String payload) throws JMSException {
    switch (what) {
      case "text" -> send(session, address, session.createTextMessage(payload));
      case "bytes" -> {
        BytesMessage message = session.createBytesMessage();
        message.writeBytes(payload.getBytes());
        send(session, address, message);
      }
      case "fixed" -> session.createProducer(address).close();
      case "receive" -> session.createConsumer(address).close();
      case "transacted" -> {
        Session transacted = connection.createSession(true, Session.SESSION_TRANSACTED);
        send(transacted, address, transacted.createTextMessage(payload));
        transacted.commit();
      }
      default -> throw new IllegalArgumentException(what);
    }
  }

  private static void send(Session session, Queue address, Message message) throws JMSException {
    session
        .createProducer(null)
        .send(address, message, DeliveryMode.PERSISTENT, Message.DEFAULT_PRIORITY, Message.DEFAULT_TIME_TO_LIVE);
  }
}
