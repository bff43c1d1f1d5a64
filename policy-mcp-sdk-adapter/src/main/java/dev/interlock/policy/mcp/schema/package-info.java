/**
 * Checks arguments against a tool's JSON schema with the SDK's own validator, and refuses schemas that would cost too
 * much. {@link dev.interlock.policy.mcp.schema.SdkSchemaValidator} is the only door.
 */
@NullMarked
package dev.interlock.policy.mcp.schema;

import org.jspecify.annotations.NullMarked;
