package dev.interlock.policy.audit.log;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The key that signs and verifies closing lines. A chain of plain hashes reveals a change only to someone who knows a
 * later hash. With a key that the log's administrator doesn't have, the administrator can't forge another chain.
 *
 * <p>With HMAC, anyone who can verify can also sign. With Ed25519 the verifier has only the public key.
 */
public final class SealKey {

    private static final int MIN_BYTES = 32;
    private static final String HMAC = "HmacSHA256";
    private static final String ED25519 = "Ed25519";

    private final String algorithm;
    private final @Nullable SecretKeySpec secret;
    private final @Nullable PrivateKey signing;
    private final @Nullable PublicKey checking;

    private SealKey(
            String algorithm,
            @Nullable SecretKeySpec secret,
            @Nullable PrivateKey signing,
            @Nullable PublicKey checking) {
        this.algorithm = algorithm;
        this.secret = secret;
        this.signing = signing;
        this.checking = checking;
    }

    /**
     * A secret that signs and verifies, with HMAC-SHA256.
     *
     * @param secret at least 32 bytes; copied
     * @throws IllegalArgumentException if it is shorter
     */
    public static SealKey hmac(byte[] secret) {
        return new SealKey(HMAC, key(secret), null, null);
    }

    /** A key that signs, with Ed25519. */
    public static SealKey ed25519(PrivateKey key) {
        return new SealKey(ED25519, null, key, null);
    }

    /** A key that verifies what the private key of its pair has signed. */
    public static SealKey ed25519(PublicKey key) {
        return new SealKey(ED25519, null, null, key);
    }

    static SecretKeySpec key(byte[] secret) {
        if (secret.length < MIN_BYTES) {
            throw new IllegalArgumentException(
                    "a key needs at least " + MIN_BYTES + " bytes, this one has " + secret.length);
        }
        return new SecretKeySpec(secret, HMAC);
    }

    static byte[] mac(SecretKeySpec key, String text) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(key);
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HMAC-SHA256", e);
        }
    }

    String algorithm() {
        return algorithm;
    }

    boolean canSign() {
        return secret != null || signing != null;
    }

    /** The signature of a text. */
    String sign(String text) {
        try {
            if (secret != null) {
                return Base64.getEncoder().encodeToString(mac(secret, text));
            }
            Signature signature = Signature.getInstance(ED25519);
            signature.initSign(signing);
            signature.update(text.getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the key can't sign: " + e.getMessage(), e);
        }
    }

    /** Whether this key's owner signed the text. */
    boolean hasSigned(String text, String signed) {
        try {
            byte[] bytes = Base64.getDecoder().decode(signed);
            if (secret != null) {
                return MessageDigest.isEqual(bytes, mac(secret, text));
            }
            Signature signature = Signature.getInstance(ED25519);
            signature.initVerify(checking);
            signature.update(text.getBytes(StandardCharsets.US_ASCII));
            return signature.verify(bytes);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return false;
        }
    }

    /** The name of the algorithm; never the key. */
    @Override
    public String toString() {
        return "seal key for " + algorithm;
    }
}
