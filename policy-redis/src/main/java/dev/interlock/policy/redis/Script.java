package dev.interlock.policy.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Collectors;

/** A script that the server runs as a whole. Its text is assembled from files beside this class. */
enum Script {
    RESERVE("reserve_simple", "cells", "reserve"),
    SETTLE("cells", "settle"),
    HOLD("cells", "hold"),
    USAGE("cells", "usage"),
    SHOW("cells", "show"),
    RESET("cells", "reset"),
    SESSION_LOOK("fields", "session", "session_look"),
    SESSION_ROOM("fields", "session", "session_room"),
    SESSION_CHANGE("fields", "session", "session_change"),
    SESSION_CLEAR("fields", "session", "session_clear"),
    TICKETS("fields", "tickets"),
    SUSPENSION("fields", "suspension");

    private final String text;
    private final String digest;

    Script(String... files) {
        text = Arrays.stream(files).map(Script::read).collect(Collectors.joining());
        try {
            // Redis itself names scripts by this hash, and no one could gain anything from a collision.
            digest = HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-1").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }

    String text() {
        return text;
    }

    /** What the server knows the script by. */
    String digest() {
        return digest;
    }

    private static String read(String name) {
        try (InputStream in = Script.class.getResourceAsStream(name + ".lua")) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks " + name + ".lua beside " + Script.class.getName());
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
