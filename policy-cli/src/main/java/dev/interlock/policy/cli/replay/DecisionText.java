package dev.interlock.policy.cli.replay;

import dev.interlock.policy.call.Decision;
import dev.interlock.policy.cli.io.Colours;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.cli.policy.ExplanationText;
import dev.interlock.policy.cli.screen.Screen;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;

/** Writes decisions for people. */
final class DecisionText implements DecisionSink {

    private final PrintWriter out;
    private final Screen screen;
    private final ExplanationText text;

    DecisionText(PrintWriter out, Colours colours, Screen screen) {
        this.out = out;
        this.screen = screen;
        this.text = new ExplanationText(colours);
    }

    @Override
    public void write(Where where, Decision decision, boolean passes, @Nullable Decision other, boolean otherPasses) {
        StringBuilder line = new StringBuilder();
        if (where.file() != null) {
            line.append(Printable.of(where.file())).append(':');
        }
        line.append(where.line());
        if (where.id() != null) {
            line.append(' ').append(Printable.of(where.id()));
        }
        if (where.step() >= 0) {
            line.append('#').append(where.step());
        }
        line.append("  ").append(Printable.of(where.tool())).append(": ").append(verdict(decision, passes));
        if (other != null) {
            line.append(", against ").append(verdict(other, otherPasses));
        }
        out.println(screen.fit(line.toString()));
    }

    private String verdict(Decision decision, boolean passes) {
        boolean approved = passes && !decision.allowed();
        return text.headline(decision) + (approved ? ", and a person said yes" : "");
    }

    @Override
    public void close() {
        out.flush();
    }
}
