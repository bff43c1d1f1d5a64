package dev.interlock.policy.cli.demo;

import dev.interlock.policy.call.Decision.Code;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The calls of the demo's agent, in order, and the expected decisions. */
final class Script {

    private static final String STORE = "d8a1f0c35b7e4926a0d4c1b29e63f758";
    private static final String IMAGE_SET = "5e0f92ab7c3d41689d12c4a7b8e6f035";
    private static final String ROLE = "arn:aws:iam::123456789012:role/imaging-export";

    /** How many exports the limit of the demo's policy allows. */
    static final int EXPORTS_ALLOWED = 10;

    /** The tool with that limit. */
    static final String LIMITED = "start_dicom_export_job";

    private Script() {}

    /**
     * One call.
     *
     * @param expected why a denial is expected, or {@link Code#ALLOWED}
     */
    record Step(String tool, Map<String, Object> arguments, Code expected) {

        /** Whether it depends on what was called before. */
        boolean isLimited() {
            return tool.equals(LIMITED) && (expected == Code.ALLOWED || expected == Code.LIMIT);
        }
    }

    static List<Step> steps() {
        List<Step> steps = new ArrayList<>();
        steps.add(allowed("list_datastores", Map.of()));
        steps.add(allowed("get_datastore", Map.of("datastore_id", STORE)));
        steps.add(allowed("search_by_patient_id", Map.of("datastore_id", STORE, "patient_id", "P-1042")));
        steps.add(allowed("get_image_set_metadata", Map.of("datastore_id", STORE, "image_set_id", IMAGE_SET)));
        steps.add(allowed(
                "tag_resource",
                Map.of(
                        "resource_arn",
                        "arn:aws:medical-imaging:us-east-1:123456789012:datastore/" + STORE,
                        "tags",
                        Map.of("reviewed-by", "agent"))));
        for (int i = 1; i <= EXPORTS_ALLOWED; i++) {
            steps.add(allowed(LIMITED, export(i)));
        }
        steps.add(new Step(LIMITED, export(EXPORTS_ALLOWED + 1), Code.LIMIT));
        Map<String, Object> incomplete = new LinkedHashMap<>(export(EXPORTS_ALLOWED + 2));
        incomplete.remove("output_s3_uri");
        steps.add(new Step(LIMITED, incomplete, Code.VALIDATION));
        steps.add(new Step("delete_datastore", Map.of("datastore_id", STORE), Code.DENY_RULE));
        steps.add(allowed("list_dicom_export_jobs", Map.of("datastore_id", STORE)));
        return steps;
    }

    private static Step allowed(String tool, Map<String, Object> arguments) {
        return new Step(tool, arguments, Code.ALLOWED);
    }

    private static Map<String, Object> export(int number) {
        return Map.of(
                "datastore_id",
                STORE,
                "data_access_role_arn",
                ROLE,
                "output_s3_uri",
                "s3://imaging-exports/batch-" + number,
                "job_name",
                "batch-" + number);
    }
}
