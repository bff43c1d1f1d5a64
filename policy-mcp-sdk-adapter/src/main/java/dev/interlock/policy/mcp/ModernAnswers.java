package dev.interlock.policy.mcp;

import dev.interlock.policy.call.Decision;
import dev.interlock.policy.mcp.Callers.ResolvedCaller;
import dev.interlock.policy.tool.AnnouncedTools.Listing;
import io.modelcontextprotocol.modern.JsonRpc.JSONRPCResponse;
import java.util.Map;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells what a client of the SDK's modern API may see of its server's responses. */
record ModernAnswers(Methods methods, ToolListFilter toolLists, Answers answers) {

    private static final Logger log = LoggerFactory.getLogger(ModernAnswers.class);

    /** The response to a request other than a call, which is settled by it. */
    JSONRPCResponse ofOther(Object id, ModernRound round, JSONRPCResponse response) {
        Decision asks = methods.askedWithin(ModernMessages.legacy(id, response), round.call());
        if (asks.allowed()) {
            round.end(response);
            return response;
        }
        // The server has begun the request.
        round.abandon();
        log.debug("Withheld an answer of the server's that asks for what it may not");
        return ModernMessages.modern(answers.refusal(id, asks));
    }

    /** The response to a call, which is settled by it. Its result is plain JSON. */
    JSONRPCResponse ofCall(Object id, ModernRound round, JSONRPCResponse answer) {
        JSONRPCResponse response = plain(answer);
        Decision asks = methods.askedWithin(ModernMessages.legacy(id, response), round.call());
        if (!asks.allowed()) {
            // The server has begun the call.
            round.abandon();
            return ModernMessages.modern(answers.withheld(id, asks));
        }
        Decision input = round.end(response);
        return input.allowed() ? response : ModernMessages.modern(answers.withheld(id, input));
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
    JSONRPCResponse page(Object id, ModernRound round, JSONRPCResponse response, ResolvedCaller caller, Listing list) {
        JSONRPCResponse page = ofOther(id, round, plain(response));
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
