package dev.interlock.policy.cli.audit;

import dev.interlock.policy.audit.log.SealKey;
import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.InputFile;
import dev.interlock.policy.yaml.RegularFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;

/** A file with the key of an audit log: an Ed25519 key in PEM, or a secret. */
final class KeyFile {

    private static final String PRIVATE = "PRIVATE KEY";
    private static final String PUBLIC = "PUBLIC KEY";

    /** In bytes, far more than any key has. */
    private static final int MOST = 64 << 10;

    private KeyFile() {}

    /**
     * Returns the key in a file.
     *
     * @throws CliException if there is none
     */
    static SealKey read(String file) {
        try {
            byte[] bytes = RegularFile.read(InputFile.pathOf(file), MOST + 1);
            if (bytes.length > MOST) {
                throw new CliException(file + ": this is not a key: it is larger than " + (MOST >> 10) + " KiB");
            }
            String text = new String(bytes, StandardCharsets.ISO_8859_1);
            KeyFactory keys = KeyFactory.getInstance("Ed25519");
            if (text.contains("BEGIN " + PRIVATE)) {
                return SealKey.ed25519(keys.generatePrivate(new PKCS8EncodedKeySpec(pem(text, PRIVATE))));
            }
            if (text.contains("BEGIN " + PUBLIC)) {
                return SealKey.ed25519(keys.generatePublic(new X509EncodedKeySpec(pem(text, PUBLIC))));
            }
            int length = bytes.length;
            while (length > 0 && (bytes[length - 1] == '\n' || bytes[length - 1] == '\r')) {
                length--;
            }
            return SealKey.hmac(Arrays.copyOf(bytes, length));
        } catch (IOException e) {
            throw new CliException(InputFile.reason(file, e));
        } catch (GeneralSecurityException e) {
            throw new CliException(file + ": this is not an Ed25519 key in PEM");
        } catch (IllegalArgumentException e) {
            throw new CliException(file + ": " + e.getMessage());
        }
    }

    private static byte[] pem(String text, String kind) {
        int start = text.indexOf("-----BEGIN " + kind + "-----");
        int end = text.indexOf("-----END " + kind + "-----");
        if (start < 0 || end < start) {
            throw new IllegalArgumentException("this is not a key in PEM");
        }
        return Base64.getMimeDecoder().decode(text.substring(text.indexOf('\n', start) + 1, end));
    }
}
