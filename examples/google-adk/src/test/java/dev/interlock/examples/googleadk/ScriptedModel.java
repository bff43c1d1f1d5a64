package dev.interlock.examples.googleadk;

import com.google.adk.models.BaseLlm;
import com.google.adk.models.BaseLlmConnection;
import com.google.adk.models.LlmRequest;
import com.google.adk.models.LlmResponse;
import com.google.genai.types.Content;
import com.google.genai.types.FunctionResponse;
import com.google.genai.types.Part;
import io.reactivex.rxjava3.core.Flowable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** A model that says what it was told to, and keeps what it is asked. */
final class ScriptedModel extends BaseLlm {

    private final Iterator<Part> script;
    private final List<LlmRequest> requests = new ArrayList<>();

    ScriptedModel(Part... script) {
        super("scripted");
        this.script = List.of(script).iterator();
    }

    @Override
    public Flowable<LlmResponse> generateContent(LlmRequest request, boolean stream) {
        requests.add(request);
        return Flowable.just(LlmResponse.builder()
                .content(Content.builder()
                        .role("model")
                        .parts(List.of(script.next()))
                        .build())
                .build());
    }

    @Override
    public BaseLlmConnection connect(LlmRequest request) {
        throw new UnsupportedOperationException("it doesn't speak");
    }

    /** The names of the tools that were offered to it. */
    Set<String> offered() {
        return new TreeSet<>(requests.get(0).tools().keySet());
    }

    /** What its calls have returned, one text for each. */
    List<String> heard() {
        return requests.get(requests.size() - 1).contents().stream()
                .flatMap(content -> content.parts().stream().flatMap(List::stream))
                .flatMap(part -> part.functionResponse().stream())
                .flatMap(ScriptedModel::text)
                .toList();
    }

    private static Stream<String> text(FunctionResponse response) {
        return response.response().stream().map(Object::toString);
    }
}
