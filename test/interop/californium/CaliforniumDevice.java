import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.eclipse.californium.core.CoapClient;
import org.eclipse.californium.core.CoapResponse;
import org.eclipse.californium.core.coap.MediaTypeRegistry;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.elements.DtlsEndpointContext;
import org.eclipse.californium.elements.EndpointContext;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.util.Bytes;
import org.eclipse.californium.elements.util.SslContextUtil;
import org.eclipse.californium.scandium.DTLSConnector;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.dtls.DTLSContext;
import org.eclipse.californium.scandium.dtls.Handshaker;
import org.eclipse.californium.scandium.dtls.ResumingClientHandshaker;
import org.eclipse.californium.scandium.dtls.SessionListener;
import org.eclipse.californium.scandium.dtls.cipher.CipherSuite;
import org.eclipse.californium.scandium.dtls.pskstore.AdvancedSinglePskStore;
import org.eclipse.californium.scandium.dtls.x509.SingleCertificateProvider;
import org.eclipse.californium.scandium.dtls.x509.StaticNewAdvancedCertificateVerifier;

/**
 * A device that does what it reads, a word in a line: `post`, `telemetry`, `resume` (with the next upload), `leave`. Of each upload
 * it tells the answer, its handshakes so far, the cipher suite, and how long a connection id its records carry.
 *
 * <p>Arguments: URI, cipher suite, length of its own connection id (-1: none are used), then `psk`, identity and key, or
 * `certificate` and two PEM files: its own chain with the key, and whom it trusts.
 */
public class CaliforniumDevice {
  private static final long ANSWER_WITHIN_MS = 5_000;

  public static void main(String[] arguments) throws Exception {
    CoapConfig.register();
    DtlsConfig.register();
    Configuration configuration = Configuration.createStandardWithoutFile();
    CopyOnWriteArrayList<String> handshakes = new CopyOnWriteArrayList<>();
    DTLSConnector connector = new DTLSConnector(dtls(configuration, arguments, handshakes));
    CoapEndpoint endpoint =
        CoapEndpoint.builder().setConfiguration(configuration).setConnector(connector).build();
    URI uri = new URI(arguments[0]);
    CoapClient client = new CoapClient(uri).setEndpoint(endpoint).setTimeout(ANSWER_WITHIN_MS);

    BufferedReader words = new BufferedReader(new InputStreamReader(System.in));
    for (String word = words.readLine(); word != null; word = words.readLine()) {
      switch (word) {
        case "post" ->
            System.out.println(
                told(client.post("{\"temp\": 21.5}", MediaTypeRegistry.APPLICATION_JSON), handshakes));
        case "telemetry" -> {
          client.setURI(uri.resolve("/telemetry").toString());
          System.out.println(told(client.post("21.5", MediaTypeRegistry.TEXT_PLAIN), handshakes));
          client.setURI(uri.toString());
        }
        case "resume" -> connector.forceResumeAllSessions();
        case "leave" -> connector.close(new InetSocketAddress(uri.getHost(), uri.getPort()));
        default -> throw new IllegalArgumentException(word);
      }
    }
    System.exit(0);
  }

  private static DtlsConnectorConfig dtls(
      Configuration configuration, String[] arguments, List<String> handshakes) throws Exception {
    DtlsConnectorConfig.Builder builder =
        DtlsConnectorConfig.builder(configuration)
            .set(DtlsConfig.DTLS_ROLE, DtlsConfig.DtlsRole.CLIENT_ONLY)
            .set(DtlsConfig.DTLS_RECOMMENDED_CIPHER_SUITES_ONLY, false)
            .setAsList(DtlsConfig.DTLS_CIPHER_SUITES, CipherSuite.valueOf(arguments[1]))
            .setSessionListener(noting(handshakes));
    int connectionIdBytes = Integer.parseInt(arguments[2]);
    if (connectionIdBytes >= 0) builder.set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, connectionIdBytes);
    if (arguments[3].equals("psk")) {
      builder.setAdvancedPskStore(new AdvancedSinglePskStore(arguments[4], arguments[5].getBytes()));
    } else {
      SslContextUtil.Credentials own = SslContextUtil.loadCredentials(arguments[4]);
      builder.setCertificateIdentityProvider(
          new SingleCertificateProvider(own.getPrivateKey(), own.getCertificateChain()));
      builder.setAdvancedCertificateVerifier(
          StaticNewAdvancedCertificateVerifier.builder()
              .setTrustedCertificates(SslContextUtil.loadTrustedCertificates(arguments[5]))
              .build());
    }
    return builder.build();
  }

  private static String told(CoapResponse answer, List<String> handshakes) {
    if (answer == null) return "silence " + String.join(",", handshakes);
    EndpointContext context = answer.advanced().getSourceContext();
    Bytes connectionId = context.get(DtlsEndpointContext.KEY_WRITE_CONNECTION_ID);
    return String.join(
        " ",
        answer.getCode().toString(),
        String.join(",", handshakes),
        context.get(DtlsEndpointContext.KEY_CIPHER),
        String.valueOf(connectionId == null ? 0 : connectionId.length()));
  }

  private static SessionListener noting(List<String> handshakes) {
    return new SessionListener() {
      @Override
      public void handshakeStarted(Handshaker handshaker) {}

      @Override
      public void contextEstablished(Handshaker handshaker, DTLSContext context) {}

      @Override
      public void handshakeCompleted(Handshaker handshaker) {
        handshakes.add(handshaker instanceof ResumingClientHandshaker ? "resumed" : "full");
      }

      @Override
      public void handshakeFailed(Handshaker handshaker, Throwable error) {
        handshakes.add("failed");
        System.err.println(error);
      }

      @Override
      public void handshakeFlightRetransmitted(Handshaker handshaker, int flight) {}
    };
  }
}
