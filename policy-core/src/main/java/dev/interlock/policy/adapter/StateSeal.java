package dev.interlock.policy.adapter;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Encrypts and authenticates what clients keep for a server's guard: AES-256 in Galois/counter mode. Thread-safe, and
 * reads random numbers only when it is created, since their source may block.
 *
 * <p>Nonces are a counter of 96 bits that begins at a random place, of 64 bits: two processes with one key would have
 * to begin at the same place to use a nonce twice.
 */
final class StateSeal {

    /** The most bytes that are sealed. */
    static final int MAX_BYTES = 256 << 10;

    private static final String PREFIX = "il1.";
    private static final byte[] ASSOCIATED = PREFIX.getBytes(StandardCharsets.US_ASCII);
    private static final int NONCE_BYTES = Long.BYTES + Integer.BYTES;
    private static final int TAG_BITS = 128;

    /** The length of the longest text: its bytes in base 64. */
    private static final int MAX_CHARS = PREFIX.length() + (NONCE_BYTES + MAX_BYTES + TAG_BITS / Byte.SIZE) * 4 / 3 + 3;

    private final List<SecretKeySpec> keys;
    private final long begin = new SecureRandom().nextLong();
    private final AtomicLong sealed = new AtomicLong();

    /**
     * @param secrets the first is for sealing, any for opening; if there are none, a random one is used
     */
    StateSeal(List<byte[]> secrets) {
        List<byte[]> given = secrets;
        if (secrets.isEmpty()) {
            byte[] random = new byte[SealedStates.MIN_KEY_BYTES];
            new SecureRandom().nextBytes(random);
            given = List.of(random);
        }
        this.keys = given.stream().map(StateSeal::key).toList();
    }

    private static SecretKeySpec key(byte[] secret) {
        MessageDigest digest = Continuations.sha256();
        digest.update(ASSOCIATED);
        return new SecretKeySpec(digest.digest(secret), "AES");
    }

    /** A nonce that no other text has. */
    byte[] nonce() {
        long number = sealed.getAndIncrement();
        return ByteBuffer.allocate(NONCE_BYTES)
                .putLong(begin + (number >>> Integer.SIZE))
                .putInt((int) number)
                .array();
    }

    static String text(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** The text for these bytes; null if they are too many. */
    @Nullable
    String seal(byte[] nonce, byte[] plain) {
        if (plain.length > MAX_BYTES) {
            return null;
        }
        try {
            byte[] secret = cipher(Cipher.ENCRYPT_MODE, keys.get(0), nonce).doFinal(plain);
            byte[] all = Arrays.copyOf(nonce, nonce.length + secret.length);
            System.arraycopy(secret, 0, all, nonce.length, secret.length);
            return PREFIX + text(all);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JVM has AES/GCM", e);
        }
    }

    /** The nonce of a text that can be opened, as {@link #text} writes it. */
    static String nonceOf(String text) {
        return text.substring(PREFIX.length(), PREFIX.length() + NONCE_BYTES * 4 / 3);
    }

    /** The bytes that were sealed; null if the text was not made with one of the keys. */
    byte @Nullable [] open(String text) {
        if (!text.startsWith(PREFIX) || text.length() > MAX_CHARS) {
            return null;
        }
        byte[] all;
        try {
            all = Base64.getUrlDecoder().decode(text.substring(PREFIX.length()));
        } catch (IllegalArgumentException e) {
            return null;
        }
        // Only one text is good for the same bytes. A provider may fail in unusual ways on less than a tag.
        if (all.length < NONCE_BYTES + TAG_BITS / Byte.SIZE || !text(all).equals(text.substring(PREFIX.length()))) {
            return null;
        }
        byte[] nonce = Arrays.copyOf(all, NONCE_BYTES);
        for (SecretKeySpec key : keys) {
            try {
                return cipher(Cipher.DECRYPT_MODE, key, nonce).doFinal(all, NONCE_BYTES, all.length - NONCE_BYTES);
            } catch (GeneralSecurityException e) {
                // It may have been made with the next key.
            }
        }
        return null;
    }

    private static Cipher cipher(int mode, SecretKeySpec key, byte[] nonce) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(ASSOCIATED);
        return cipher;
    }
}
