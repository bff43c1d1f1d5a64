package dev.interlock.policy.cli;

import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Tells people what went wrong, in a line and without a stack trace. */
final class Failures implements IParameterExceptionHandler, IExecutionExceptionHandler {

    @Override
    public int handleParseException(ParameterException failure, String[] args) {
        CommandLine command = failure.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        command.getErr().println(name + ": " + Printable.of(message(failure)));
        UnmatchedArgumentException.printSuggestions(failure, command.getErr());
        command.getErr().println("Try '" + name + " --help'.");
        return ExitCode.USAGE;
    }

    /** What an unknown option was given may be a secret: only its name is told. */
    private static String message(ParameterException failure) {
        if (failure instanceof UnmatchedArgumentException unmatched
                && unmatched.isUnknownOption()
                && !unmatched.getUnmatched().isEmpty()) {
            String option = unmatched.getUnmatched().get(0);
            return "Unknown option: '" + option.split("[=:\\s]", 2)[0] + "'";
        }
        return String.valueOf(failure.getMessage());
    }

    @Override
    public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) {
        command.getOut().flush();
        String name = command.getCommandSpec().qualifiedName();
        String message = failure instanceof CliException known
                ? known.text()
                : "this should not have happened: " + failure + "; please report it";
        command.getErr().println(name + ": " + Printable.lines(message));
        return ExitCode.USAGE;
    }
}
