package dev.interlock.policy.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.Reservation.Granted;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.assertj.core.util.Throwables;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that speaks TLS and wants a password. The JDK's settings say whose certificates are trusted. */
class TlsTest {

    private static final String PASSWORD = "changeit";
    private static final String TRUST_STORE = "javax.net.ssl.trustStore";
    private static final String TRUST_PASSWORD = "javax.net.ssl.trustStorePassword";
    private static final List<Charge> CHARGES = List.of(new Charge(
            new LimitKey("limit", ""),
            new LimitRule.FixedWindow(Amount.ONE, Window.Calendar.MONTH),
            Amount.ONE,
            ChargeMode.SENT));

    @TempDir
    private static Path directory;

    private static RedisServer server;
    private static String uri;

    @BeforeAll
    static void start() throws Exception {
        Path store = directory.resolve("store.p12");
        certify(store);
        int port = RedisServer.freePort();
        server = RedisServer.start(
                "--tls-port", Integer.toString(port),
                "--tls-cert-file", directory.resolve("cert.pem").toString(),
                "--tls-key-file", directory.resolve("key.pem").toString(),
                "--tls-ca-cert-file", directory.resolve("cert.pem").toString(),
                "--tls-auth-clients", "no",
                "--requirepass", "pass word");
        uri = "rediss://:pass%20word@127.0.0.1:" + port;
    }

    @AfterAll
    static void stop() throws IOException {
        server.close();
    }

    @AfterEach
    void trustAsBefore() {
        System.clearProperty(TRUST_STORE);
        System.clearProperty(TRUST_PASSWORD);
    }

    private static void certify(Path store) throws IOException, InterruptedException, GeneralSecurityException {
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "redis",
                        "-keyalg",
                        "EC",
                        "-groupname",
                        "secp256r1",
                        "-dname",
                        "CN=redis",
                        "-ext",
                        "san=ip:127.0.0.1",
                        "-ext",
                        "bc=ca:true",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        PASSWORD)
                .redirectErrorStream(true)
                .start();
        String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(keytool.waitFor(RedisServer.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .isTrue();
        assertThat(keytool.exitValue()).as(said).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD.toCharArray());
        }
        pem(
                "key.pem",
                "PRIVATE KEY",
                keys.getKey("redis", PASSWORD.toCharArray()).getEncoded());
        pem("cert.pem", "CERTIFICATE", keys.getCertificate("redis").getEncoded());
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("redis", keys.getCertificate("redis"));
        try (var out = Files.newOutputStream(directory.resolve("trusted.p12"))) {
            trusted.store(out, PASSWORD.toCharArray());
        }
    }

    private static void pem(String file, String kind, byte[] content) throws IOException {
        Files.writeString(
                directory.resolve(file),
                "-----BEGIN " + kind + "-----\n" + Base64.getMimeEncoder().encodeToString(content) + "\n-----END "
                        + kind + "-----\n");
    }

    private static void trust() {
        System.setProperty(TRUST_STORE, directory.resolve("trusted.p12").toString());
        System.setProperty(TRUST_PASSWORD, PASSWORD);
    }

    private static RedisStore limiter(String uri) {
        return RedisStore.server(uri).timeout(RedisServer.PATIENCE).build();
    }

    @Test
    void limitsAreCountedOverTlsOnAServerThatIsTrusted() {
        trust();
        try (RedisStore limiter = limiter(uri)) {
            assertThat(limiter.rateLimiter().reserve(new Batch("1", CHARGES))).isInstanceOf(Granted.class);
            assertThat(limiter.rateLimiter().reserve(new Batch("2", CHARGES))).isNotInstanceOf(Granted.class);
        }
    }

    @Test
    void nothingIsAdmittedByAServerThatIsNotTrusted() {
        try (RedisStore limiter = limiter(uri)) {
            assertThatThrownBy(() -> limiter.connect().toCompletableFuture().join())
                    .isInstanceOf(CompletionException.class)
                    .hasStackTraceContaining("certification path")
                    .asString()
                    .doesNotContain("pass");
            assertThat(limiter.rateLimiter().reserve(new Batch("1", CHARGES))).isNotInstanceOf(Granted.class);
        }
    }

    @Test
    void aWrongPasswordAdmitsNothingAndIsNotRepeated() {
        trust();
        try (RedisStore limiter = limiter(uri.replace("pass%20word", "s3cret"))) {
            assertThatThrownBy(() -> limiter.connect().toCompletableFuture().join())
                    .hasStackTraceContaining("WRONGPASS")
                    .satisfies(failure ->
                            assertThat(Throwables.getStackTrace(failure)).doesNotContain("s3cret"));
            assertThat(limiter.rateLimiter().reserve(new Batch("1", CHARGES))).isNotInstanceOf(Granted.class);
        }
    }
}
