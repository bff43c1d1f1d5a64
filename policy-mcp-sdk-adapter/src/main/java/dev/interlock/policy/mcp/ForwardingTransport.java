package dev.interlock.policy.mcp;

import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpTransport;
import java.util.List;
import reactor.core.publisher.Mono;

/**
 * A transport in front of another one, to which it leaves everything on which no message passes. It is for the subclass
 * to say what becomes of messages. A way for them that a later version of the SDK adds is not passed on here either,
 * and {@link SdkCompatibility} refuses that version.
 *
 * @param <T> the type of the other transport
 */
abstract class ForwardingTransport<T extends McpTransport> implements McpTransport {

    final T transport;

    ForwardingTransport(T transport) {
        this.transport = transport;
    }

    @Override
    public <V> V unmarshalFrom(Object data, TypeRef<V> type) {
        return transport.unmarshalFrom(data, type);
    }

    @Override
    public List<String> protocolVersions() {
        return transport.protocolVersions();
    }

    @Override
    public Mono<Void> closeGracefully() {
        return transport.closeGracefully();
    }

    @Override
    public void close() {
        transport.close();
    }
}
