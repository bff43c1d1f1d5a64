package dev.interlock.policy.cli.io;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/**
 * The version of this program's build. It is read from a resource, not from the manifest, so that it is the same in the
 * runnable jar and in a directory of classes.
 */
public final class Version implements IVersionProvider {

    @Override
    public String[] getVersion() throws IOException {
        Properties build = new Properties();
        try (InputStream in = Version.class.getResourceAsStream("build.properties")) {
            if (in == null) {
                throw new IOException("build.properties is missing beside " + Version.class.getName()
                        + ": the program was packed without its resources");
            }
            build.load(in);
        }
        return new String[] {"interlock " + build.getProperty("version")};
    }
}
