package dev.langchain4j.mcp.protocol;

import java.util.Map;

/** Stands in for the class of LangChain4j 1.19; what it listens for is a map here. */
public class McpSubscriptionsListenParams extends McpClientParams {

    private Map<String, Object> notifications;

    public Map<String, Object> getNotifications() {
        return notifications;
    }

    public void setNotifications(Map<String, Object> notifications) {
        this.notifications = notifications;
    }
}
