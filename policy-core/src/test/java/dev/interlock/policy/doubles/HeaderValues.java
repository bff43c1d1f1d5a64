package dev.interlock.policy.doubles;

import java.util.LinkedHashMap;
import java.util.Map;

/** Texts, and how headers of MCP 2026-07-28 repeat them. Whatever sends such headers is tested with all of them. */
public final class HeaderValues {

    private HeaderValues() {}

    /** Returns the values of headers by the texts that they repeat. */
    public static Map<String, String> byText() {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("us-west1", "us-west1");
        values.put("a b  c", "a b  c");
        values.put("~!@#$%^&*()", "~!@#$%^&*()");
        values.put("", "=?base64??=");
        values.put(" ", "=?base64?IA==?=");
        values.put(" padded ", "=?base64?IHBhZGRlZCA=?=");
        values.put("padded ", "=?base64?cGFkZGVkIA==?=");
        values.put("a\tb", "=?base64?YQli?=");
        values.put("\ta", "=?base64?CWE=?=");
        values.put("a\u00A0", "=?base64?YcKg?=");
        values.put("line1\nline2", "=?base64?bGluZTEKbGluZTI=?=");
        values.put("a\r\nX-Admin: 1", "=?base64?YQ0KWC1BZG1pbjogMQ==?=");
        values.put("\u0000", "=?base64?AA==?=");
        values.put("\u007F", "=?base64?fw==?=");
        values.put("Hello, \u4E16\u754C", "=?base64?SGVsbG8sIOS4lueVjA==?=");
        values.put("\uD83D\uDE00", "=?base64?8J+YgA==?=");
        values.put("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=");
        values.put("=?base64??=", "=?base64?PT9iYXNlNjQ/Pz0=?=");
        values.put("=?base64?open", "=?base64?open");
        values.put("=?BASE64?literal?=", "=?BASE64?literal?=");
        return values;
    }
}
