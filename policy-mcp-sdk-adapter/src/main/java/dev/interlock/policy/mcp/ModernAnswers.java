package dev.interlock.policy.mcp;

import dev.interlock.policy.mcp.Callers.ResolvedCaller;
import dev.interlock.policy.tool.AnnouncedTools.Listing;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema;
import java.util.Map;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/** Tells what a client of the SDK's modern API may see of its server's responses. */
record ModernAnswers(Methods methods, ToolListFilter toolLists, Answers answers, JudgedAnswers judged) {

    private static final Logger log = LoggerFactory.getLogger(ModernAnswers.class);

    /** The response to a request other than a call, which is settled by it. */
    Mono<JSONRPCResponse> ofOther(Object id, ModernRound round, JSONRPCResponse response) {
        McpSchema.JSONRPCResponse asked = ModernMessages.legacy(id, response);
        return judged.ofOther(id, asked, round).map(shown -> shown(response, asked, shown));
    }

    /** The response to a call, which is settled by it. Its result is plain JSON. */
    Mono<JSONRPCResponse> ofCall(Object id, ModernRound round, JSONRPCResponse answer) {
        JSONRPCResponse response = plain(answer);
        McpSchema.JSONRPCResponse asked = ModernMessages.legacy(id, response);
        return judged.ofCall(id, asked, round).map(shown -> shown(response, asked, shown));
    }

    /**
     * @param judged the same response in the older API
     * @param shown what may be seen of it: the same object if it is unchanged
     */
    @SuppressWarnings("ReferenceEquality") // this very object
    private static JSONRPCResponse shown(
            JSONRPCResponse response, McpSchema.JSONRPCResponse judged, McpSchema.JSONRPCResponse shown) {
        boolean either = response.result() == null || response.error() == null;
        return shown == judged && either ? response : ModernMessages.modern(shown);
    }

    /** The same response, whose result was converted to JSON if it has a type of the SDK's. */
    private static JSONRPCResponse plain(JSONRPCResponse response) {
        if (response.result() == null || response.result() instanceof Map<?, ?>) {
            return response;
        }
        try {
            return ModernMessages.result(response.id(), ModernMessages.converted(response.result()));
        } catch (RuntimeException e) {
            log.debug("A result can't be converted", RedactedException.of(e));
            return response; // It will be withheld, since what it asks for can't be read.
        }
    }

    /**
     * A page of a list of tools. What is shown to one caller is not for others, and not for long: the policy may
     * change.
     *
     * @param list the list to which the page belongs
     */
    Mono<JSONRPCResponse> page(
            Object id, ModernRound round, JSONRPCResponse response, ResolvedCaller caller, Listing list) {
        return ofOther(id, round, plain(response)).map(page -> page(id, page, caller, list));
    }

    private JSONRPCResponse page(Object id, JSONRPCResponse page, ResolvedCaller caller, Listing list) {
        if (page.error() != null) {
            return page;
        }
        try {
            return ModernMessages.modern(toolLists.filtered(
                    SdkRecords.result(id, ModernMessages.members(Objects.requireNonNull(page.result()))),
                    caller,
                    list,
                    true));
        } catch (Throwable e) {
            return ModernMessages.modern(answers.refusal(id, methods.listWithheld(e)));
        }
    }
}
