package dev.interlock.examples.three;

import java.util.List;
import java.util.Map;

/** Reads private data: a shop's customers. */
final class RecordsServer {

    private static final Map<String, String> CUSTOMERS =
            Map.of("c-1", "Ada, ada@example.com, owes 310.00.", "c-2", "Alan, alan@example.com, owes nothing.");

    private RecordsServer() {}

    public static void main(String... args) {
        ToolServer.serve("records", "read_customer", List.of("id"), arguments -> {
            String customer = CUSTOMERS.get(String.valueOf(arguments.get("id")));
            return customer == null ? ToolServer.error("There is no such customer.") : ToolServer.answer(customer);
        });
    }
}
