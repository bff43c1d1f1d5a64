package dev.interlock.policy.cli.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.nio.charset.StandardCharsets;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonRpcTest {

    private final JsonRpc json = new JsonRpc();

    private JsonRpc.Line read(String line) {
        byte[] bytes = line.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        return json.read(bytes, 0, bytes.length);
    }

    private String written(String line) {
        return new String(json.write(((JsonRpc.Message) read(line)).message()), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'jsonrpc':'2.0','id':1,'result':null}",
                "{'jsonrpc':'2.0','id':'a','result':{'x':1.50}}",
                "{'jsonrpc':'2.0','method':'ping','id':9223372036854775807}",
                "{'jsonrpc':'2.0','id':1,'error':{'code':-32000,'message':'m','data':[1]}}",
                "{'jsonrpc':'2.0','method':'notifications/x','params':{'requestId':1E+400}}",
                "{'jsonrpc':'2.0','method':'m','id':1,'params':{'n':[1e400,1E5,-0.0,-0,1.0,0.10,1e-7,0.0000001]}}",
                "{'jsonrpc':'2.0','method':'m','params':[-0e+007]}",
                "{'jsonrpc':'2.0','id':1,'result':{'n':[1.0e2,{'n':0E0}],'m':123456789012345678901234567890}}",
                "{'jsonrpc':'2.0','id':1,'result':-0.0}",
                "{'jsonrpc':'2.0','id':1,'error':{'code':-32000,'message':'m','data':1e2}}",
                "{'jsonrpc':'2.0','id':1,'result':{'half':'\\uD83D'}}",
                "{'jsonrpc':'2.0','id':1,'result':'\uD83D\uDE00'}",
            })
    void whatJsonRpcAllowsIsPassedOnAsItIs(String line) {
        assertThat(written(line)).isEqualTo(line.replace('\'', '"') + "\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'jsonrpc':'2.0','id':null,'error':{'code':-32700,'message':'Parse error'}}",
                "{'jsonrpc':'2.0','error':{'code':-32700,'message':'Parse error'}}",
                "{'jsonrpc':'2.0','error':{'code':-32700,'message':'Parse error'},'Method':'tools/call','Id':4,"
                        + "'params':{}}",
                "{'jsonrpc':'2.0','error':{'code':-32700,'message':'Parse error','data':{'inputRequests':{}}},"
                        + "'Result':{}}",
            })
    void anErrorThatAnswersNoRequestIsPassedOnWithItsCodeAndMessageAlone(String line) {
        assertThat(read(line))
                .isInstanceOfSatisfying(
                        JsonRpc.Unaddressed.class,
                        error -> assertThat(new String(error.line(), StandardCharsets.UTF_8))
                                .isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":null,"
                                        + "\"error\":{\"code\":-32700,\"message\":\"Parse error\"}}\n"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'jsonrpc':'2.0','id':null,'error':{'code':'E','message':7}}",
                "{'jsonrpc':'2.0','error':{'inputRequests':{'a':{'method':'sampling/createMessage'}}}}",
                "{'jsonrpc':'2.0','error':{'code':1.5,'message':'m'}}",
                "{'jsonrpc':'2.0','error':[]}",
            })
    void anErrorWithoutACodeAndAMessageIsNotPassedOn(String line) {
        assertThat(read(line)).isInstanceOf(JsonRpc.Malformed.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'jsonrpc':'2.0','id':1,'result':{},'error':null} | true",
                "{'jsonrpc':'2.0','id':1,'result':null,'error':null} | true",
                "{'jsonrpc':'2.0','id':1,'result':null,'error':{'code':1,'message':'m'}} | false",
                "{'jsonrpc':'2.0','id':1,'error':{'code':-32000.0,'message':'m'}} | false",
                "{'jsonrpc':'2.0','id':1.0,'result':{}} | true",
                "{'jsonrpc':'2.0','id':1e0,'result':{}} | true",
            })
    void aResponseIsWhatItsOtherMembersThanNullSay(String line, boolean success) {
        assertThat(read(line.replace("''", "'"))).isInstanceOfSatisfying(JsonRpc.Message.class, message -> {
            JSONRPCResponse response = (JSONRPCResponse) message.message();
            assertThat(response.id()).isEqualTo(1);
            assertThat(response.error() == null).isEqualTo(success);
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"jsonrpc\":\"2.0\",\"id\":18446744073709551617,\"method\":\"ping\"} | 18446744073709551617 |"
                        + " REQUEST",
                "{\"jsonrpc\":\"2.0\",\"id\":1.0,\"method\":\"ping\"} | 1.0 | REQUEST",
                "{\"jsonrpc\":\"2.0\",\"id\":1e0,\"method\":\"ping\"} | 1e0 | REQUEST",
                "{\"jsonrpc\":\"2.0\",\"id\":-0,\"method\":\"ping\"} | -0 | REQUEST",
                "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"} | 1.5 | REQUEST",
                "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"} | null | REQUEST",
                "{\"id\":1,\"method\":\"ping\"} | 1 | REQUEST",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7} | 1 | REQUEST",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"result\":{}} | 1 | REQUEST",
                "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":{\"a\":1,\"a\":2},\"id\":\"x\"} | \"x\" | REQUEST",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"} {} | 1 | REQUEST",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":\"E\",\"message\":\"m\"}} | 1 | RESPONSE",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1.5,\"message\":\"m\"}} | 1 | RESPONSE",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-3200000000000,\"message\":\"m\"}} | 1 | RESPONSE",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1}} | 1 | RESPONSE",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":\"boom\"} | 1 | RESPONSE",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":null} | 1 | RESPONSE",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":\"m\"},\"result\":{}} | 1 | RESPONSE",
                "{\"jsonrpc\":\"2.0\",\"id\":1} | 1 | RESPONSE",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":NaN} | 1 | RESPONSE",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"a\":1 | 1 | RESPONSE",
                "{\"jsonrpc\":\"2.0\",\"id\":1,x | 1 | UNKNOWN",
            })
    void whatIsNoMessageStillTellsWhoWaitsForAnAnswer(String line, String id, JsonRpc.Kind kind) {
        assertThat(read(line)).isInstanceOfSatisfying(JsonRpc.Malformed.class, malformed -> {
            assertThat(malformed.sender()).isNotNull();
            assertThat(malformed.sender().text()).isEqualTo(id);
            assertThat(malformed.sender().kind()).isEqualTo(kind);
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "7",
                "{",
                "not json",
                "{'jsonrpc':'2.0','id':true,'method':'m'}",
                "{'jsonrpc':'2.0','id':[1],'method':'m'}",
                "{'jsonrpc':'2.0','id':1,'id':2,'method':'m'}",
                "{'jsonrpc':'2.0','result':{}}",
            })
    void whatHasNoOneIdTellsNoOne(String line) {
        assertThat(read(line))
                .isInstanceOfSatisfying(
                        JsonRpc.Malformed.class,
                        malformed -> assertThat(malformed.sender()).isNull());
    }

    @Test
    void anIdIsFoundBehindWhatIsDeeperThanAnyMessage() {
        String deep = "[".repeat(5_000) + "]".repeat(5_000);

        assertThat(read("{'jsonrpc':'2.0','result':" + deep + ",'id':3}"))
                .isInstanceOfSatisfying(JsonRpc.Malformed.class, malformed -> {
                    assertThat(malformed.problem()).contains("nested deeper");
                    assertThat(malformed.sender().id()).isEqualTo(3);
                });
    }

    @Test
    void theBeginningOfALineTellsWhoseItIs() {
        byte[] head = ("{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"text\":\"" + "x".repeat(200_000))
                .getBytes(StandardCharsets.UTF_8);

        assertThat(json.sender(head, 0, head.length)).isEqualTo(new JsonRpc.Sender("7", 7, JsonRpc.Kind.RESPONSE));
    }

    @Test
    void whatIsReadAtTheGreatestDepthCanBeWritten() {
        String deep = "[".repeat(595) + "]".repeat(595);

        assertThat(written("{'jsonrpc':'2.0','id':1,'result':" + deep + "}")).contains(deep);
    }

    @Test
    void idsOfDifferentTypesAreDifferent() {
        assertThat(((JSONRPCRequest) ((JsonRpc.Message) read("{'jsonrpc':'2.0','id':'1','method':'m'}")).message())
                        .id())
                .isEqualTo("1");
        assertThat(((JSONRPCRequest) ((JsonRpc.Message) read("{'jsonrpc':'2.0','id':1,'method':'m'}")).message()).id())
                .isEqualTo(1);
    }

    @Property
    void noBytesMakeReadingThrow(@ForAll @Size(max = 60) byte[] bytes) {
        assertThat(json.read(bytes, 0, bytes.length)).isNotNull();
        json.sender(bytes, 0, bytes.length);
    }

    @Property
    void noChangeOfASoundLineMakesReadingThrow(@ForAll int at, @ForAll byte change) {
        byte[] line = "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":\"\\u00e9\"},\"result\":null}"
                .getBytes(StandardCharsets.UTF_8);
        line[Math.floorMod(at, line.length)] = change;

        assertThat(json.read(line, 0, line.length)).isNotNull();
    }
}
