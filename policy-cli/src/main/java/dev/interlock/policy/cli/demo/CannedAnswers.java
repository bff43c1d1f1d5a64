package dev.interlock.policy.cli.demo;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The answers of the demo's tools: invented, but derived from the request. */
final class CannedAnswers {

    private CannedAnswers() {}

    /**
     * Returns an answer.
     *
     * @param number the number of this call to the tool, from 1
     */
    static Map<String, Object> to(String tool, Map<String, Object> arguments, int number) {
        Map<String, Object> answer = new LinkedHashMap<>();
        copy(arguments, answer, "datastore_id", "image_set_id", "resource_arn", "job_id");
        if (tool.startsWith("start_")) {
            answer.put("job_id", id(tool, number));
            answer.put("job_status", "SUBMITTED");
        } else if (tool.startsWith("get_dicom_")) {
            answer.put("job_status", "COMPLETED");
        } else if (tool.startsWith("list_") || tool.startsWith("search_")) {
            copy(arguments, answer, "patient_id", "study_instance_uid", "series_instance_uid");
            answer.put("found", List.of(id(tool, 1), id(tool, 2)));
        } else if (tool.startsWith("get_")) {
            answer.put("status", "ACTIVE");
            answer.put("version_id", "1");
        } else if (tool.equals("create_datastore")) {
            copy(arguments, answer, "datastore_name");
            answer.put("datastore_id", id(tool, number));
            answer.put("datastore_status", "CREATING");
        } else {
            answer.put("done", true);
            answer.put("version_id", Integer.toString(number + 1));
        }
        return answer;
    }

    private static void copy(Map<String, Object> from, Map<String, Object> to, String... names) {
        for (String name : names) {
            if (from.get(name) != null) {
                to.put(name, from.get(name));
            }
        }
    }

    /** Looks like the service's own ids, and is the same in every run. */
    private static String id(String tool, int number) {
        return "%08x%08x%08x%08x".formatted(tool.hashCode(), number, ~tool.hashCode(), number * 0x9e3779b9);
    }
}
