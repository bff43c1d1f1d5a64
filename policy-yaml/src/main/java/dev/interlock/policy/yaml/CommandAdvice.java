package dev.interlock.policy.yaml;

import dev.interlock.policy.text.CommandPattern;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Warns about patterns that admit a command with any options, although its options can write files or run other
 * programs: {@code git diff --output=…}, {@code tar --to-command=…}, {@code find -exec …}.
 */
final class CommandAdvice {

    private CommandAdvice() {}

    /** Warns about each such pattern of a list. */
    static void check(List<String> patterns, Node node, NodePath at, DiagnosticCollector findings) {
        for (int i = 0; i < patterns.size(); i++) {
            CommandPattern pattern = CommandPattern.parse(patterns.get(i));
            String program = pattern.program();
            if (!pattern.admitsOptions() || (program != null && !Programs.KNOWN.contains(program))) {
                continue;
            }
            boolean list = node instanceof Node.Sequence;
            findings.warn(
                    "options-open",
                    list ? ((Node.Sequence) node).items().get(i) : node,
                    list ? at.item(i) : at,
                    "this admits every option of " + subject(program) + ", and some write files or run other programs",
                    "end the command with '!-', which forbids further words that begin with '-', or write out the"
                            + " options that may be used");
        }
    }

    private static String subject(@Nullable String program) {
        return program == null ? "every program" : Display.quoted(program);
    }

    /** Loaded when the first pattern is read. */
    private static final class Programs {

        /** Programs that write files or run other programs if an option, or the first words, tell them to. */
        static final Set<String> KNOWN = Set.of("""
                . at bash batch builtin busybox chroot command csh dash doas env eval exec expect fish flock ionice ksh
                ash mksh nice nohup nsenter parallel powershell pwsh rc rlwrap runuser screen script setsid sh source
                ssh start-stop-daemon stdbuf strace su sudo systemd-run taskset tcsh timeout tmux toybox trap unshare
                watch xargs zsh chrt entr ltrace sg setarch unbuffer

                awk bun deno ed emacs ex gawk gdb groovy irb java jshell julia less lldb lua luajit man mawk more most
                nano nawk node nodejs nvim osascript perl php pico python python2 python3 R Rscript ruby sed tclsh vi
                view vim w3m lynx

                ag ar bzip2 cp cpio csplit date dd diff fd fdfind file find gpg gzip hexdump iconv install ln mv rg
                rsync scp sftp sort split tar tee tree uniq unzip xxd xz yq zip zstd 7z shuf sqlite3 openssl base64

                ftp curl lftp mail mutt nc ncat netcat nmap psql mysql redis-cli sendmail socat tcpdump telnet wget
                aria2c ip iptables mongosh

                ant apt apt-get bazel brew buck bundle bundler cargo cmake composer conda ctags dnf dpkg gem go gradle
                gradlew jest make mocha mvn mvnw ninja npm npx nox pip pip3 pipx pnpm poetry pytest rake rpm sbt tox
                tsc uv uvx yarn yum gmake just meson pre-commit rustup setup.py

                as cc clang clang++ eslint g++ gcc javac ld ld.lld rustc prettier pylint ruff black javadoc jar

                git gh glab hg svn bzr cvs ansible ansible-playbook aws az docker docker-compose gcloud helm kubectl
                nerdctl packer podman systemctl terraform tofu vagrant crontab journalctl

                convert ffmpeg ghostscript gs latex magick pandoc pdflatex tex xelatex
                """.trim().split("\\s+"));

        private Programs() {}
    }
}
