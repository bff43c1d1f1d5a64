package dev.interlock.examples.springai;

import java.io.PrintStream;
import java.util.Arrays;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.ToolCallbackProvider;
import org.springframework.ai.tool.execution.ToolExecutionException;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** A host on Spring AI. Instead of running a model, it calls the tools that a model would get. */
@SpringBootApplication
public class SpringHost {

    /** Takes Spring's arguments, such as {@code --policy=policy.yaml}. */
    public static void main(String... args) {
        run(System.out, args);
    }

    static void run(PrintStream out, String... args) {
        try (ConfigurableApplicationContext context = SpringApplication.run(SpringHost.class, args)) {
            ToolCallback[] tools = context.getBean(ToolCallbackProvider.class).getToolCallbacks();
            out.println("tools: "
                    + Arrays.stream(tools).map(SpringHost::name).sorted().toList());
            CurrentUser.run("ada", () -> {
                call(tools, out, "get_customer", "{\"id\": \"c-1\"}");
                call(tools, out, "create_refund", "{\"customer\": \"c-1\", \"amount\": 40}");
                call(tools, out, "create_refund", "{\"customer\": \"c-1\", \"amount\": 400}");
            });
        }
    }

    private static void call(ToolCallback[] tools, PrintStream out, String name, String arguments) {
        ToolCallback tool = Arrays.stream(tools)
                .filter(offered -> name(offered).equals(name))
                .findFirst()
                .orElseThrow();
        try {
            out.println(name + ": " + tool.call(arguments));
        } catch (ToolExecutionException e) {
            out.println(name + " failed: " + e.getMessage());
        }
    }

    private static String name(ToolCallback tool) {
        return tool.getToolDefinition().name();
    }
}
