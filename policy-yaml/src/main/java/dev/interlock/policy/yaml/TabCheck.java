package dev.interlock.policy.yaml;

import java.util.BitSet;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;

/**
 * Finds tabs between the parts of a document. They are harmless inside strings and comments, and common between the
 * brackets of JSON. Anywhere else, two readers can see two different indentations.
 */
final class TabCheck {

    static final String HINT = "use spaces";

    private final String text;
    private final DiagnosticCollector findings;

    /** Code points that belong to a scalar or are between brackets. */
    private final BitSet covered = new BitSet();

    TabCheck(String text, DiagnosticCollector findings) {
        this.text = text;
        this.findings = findings;
    }

    void covered(ScalarEvent scalar) {
        covered(scalar.getStartMark().orElseThrow(), scalar.getEndMark().orElseThrow());
    }

    void covered(Mark start, Mark end) {
        covered.set(start.getIndex(), Math.max(start.getIndex(), end.getIndex()));
    }

    /** Reports the first tab of each line with a misplaced one. */
    void report() {
        int line = 1;
        int column = 1;
        boolean skip = false;
        int before = '\n';
        int index = 0;
        for (int i = 0; i < text.length(); index++) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            if (c == '\n') {
                line++;
                column = 0;
                skip = false;
            } else if (!skip && !covered.get(index)) {
                if (c == '\t') {
                    findings.error("tab", line, column, "a tab stands between the parts of the document", HINT);
                    skip = true;
                } else if (c == '#' && (before == ' ' || before == '\n' || before == '\t')) {
                    skip = true;
                }
            }
            before = c;
            column++;
        }
    }
}
