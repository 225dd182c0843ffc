import java.io.File;
import java.util.List;
import org.apache.activemq.broker.BrokerService;
import org.apache.activemq.broker.region.policy.PolicyEntry;
import org.apache.activemq.broker.region.policy.PolicyMap;
import org.apache.activemq.broker.region.policy.VMPendingQueueMessageStoragePolicy;
import org.apache.activemq.store.kahadb.KahaDBPersistenceAdapter;

/** ActiveMQ Classic with its defaults, as its distribution starts it; event.full takes few messages. Arguments: port, directory. */
public class ClassicBroker {
  public static void main(String[] arguments) throws Exception {
    PolicyEntry full = new PolicyEntry();
    full.setQueue("event.full");
    full.setMemoryLimit(20_000);
    full.setPendingQueuePolicy(new VMPendingQueueMessageStoragePolicy());
    PolicyMap policies = new PolicyMap();
    policies.setPolicyEntries(List.of(full));

    KahaDBPersistenceAdapter store = new KahaDBPersistenceAdapter();
    store.setDirectory(new File(arguments[1]));
    store.setJournalMaxFileLength(1 << 20);

    BrokerService broker = new BrokerService();
    broker.setUseJmx(false);
    broker.setDataDirectory(arguments[1]);
    broker.setPersistenceAdapter(store);
    broker.setDestinationPolicy(policies);
    broker.addConnector("amqp://127.0.0.1:" + arguments[0] + "?wireFormat.maxFrameSize=1048576");
    broker.start();
    broker.waitUntilStopped();
  }
}
