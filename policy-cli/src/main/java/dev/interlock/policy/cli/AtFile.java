package dev.interlock.policy.cli;

/** An option's value that may stand in a file: {@code @file}. */
final class AtFile {

    private AtFile() {}

    static String text(String value, String option) {
        if (!value.startsWith("@")) {
            return value;
        }
        if (value.length() == 1) {
            throw new CliException(option + ": a file's name must follow the @");
        }
        return Source.read(value.substring(1)).text();
    }
}
