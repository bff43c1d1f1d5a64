package dev.interlock.policy.cli.io;

import dev.interlock.policy.cli.screen.Screen;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Reports a failure to the user, on one line and without a stack trace. */
public final class Failures implements IParameterExceptionHandler, IExecutionExceptionHandler {

    @Override
    public int handleParseException(ParameterException failure, String[] args) {
        CommandLine command = failure.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        tell(command, name + ": " + Printable.of(message(failure)));
        if (failure instanceof MissingParameterException) {
            command.getErr().print("Usage: " + command.getHelp().synopsis("Usage: ".length()));
        }
        UnmatchedArgumentException.printSuggestions(failure, command.getErr());
        tell(command, "Try '" + name + " --help'.");
        return ExitCode.USAGE;
    }

    /** The value of an unknown option may be a secret, so only its name is shown. */
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
        tell(command, name + ": " + Printable.lines(message));
        return ExitCode.USAGE;
    }

    private static void tell(CommandLine command, String message) {
        command.getErr().println(Screen.errorsOf(command.getCommandSpec()).fit(message));
    }
}
