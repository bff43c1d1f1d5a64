package dev.interlock.policy.cli.io;

/** An option's value that may be in a file: {@code @file}. */
public final class AtFile {

    private AtFile() {}

    public static String text(String value, String option) {
        if (!value.startsWith("@")) {
            return value;
        }
        if (value.length() == 1) {
            throw new CliException(option + ": a file's name must follow the @");
        }
        return InputFile.read(value.substring(1)).text();
    }
}
