package dev.interlock.policy.cli.server;

import dev.interlock.policy.cli.io.CliException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** The address of a server. The parts that may be secret are sent but never shown: the user, the path and the query. */
public final class ServerUrl {

    private final URI uri;
    private final String origin;
    private final @Nullable String user;

    private ServerUrl(URI uri, String origin, @Nullable String user) {
        this.uri = uri;
        this.origin = origin;
        this.user = user;
    }

    /**
     * Parses a URL.
     *
     * @throws CliException if the text is not a valid URL; the message doesn't quote it
     */
    public static ServerUrl of(String text) {
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            throw new CliException("--url is not a valid URL");
        }
        String scheme = uri.getScheme();
        boolean secure = "https".equalsIgnoreCase(scheme);
        if (uri.getHost() == null || !(secure || "http".equalsIgnoreCase(scheme)) || uri.getPort() > 0xFFFF) {
            throw new CliException("--url must be an absolute http or https URL, such as https://example.com/mcp");
        }
        int port = uri.getPort() >= 0 ? uri.getPort() : secure ? 443 : 80;
        String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
        String origin = (secure ? "https://" : "http://") + uri.getHost() + ":" + port;
        return new ServerUrl(URI.create(origin + path + query), origin, uri.getUserInfo());
    }

    /** The address for requests, without the user. */
    URI uri() {
        return uri;
    }

    /** The address that names a list of tools. */
    String withoutQuery() {
        return uri.getScheme() + "://" + uri.getHost() + uri.getRawPath();
    }

    /** The scheme, the host and the port. */
    String origin() {
        return origin;
    }

    /** The authorization header for the user in the URL, as browsers send it; null if there is no user. */
    @Nullable
    String authorization() {
        return user == null
                ? null
                : "Basic " + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
        return origin;
    }
}
