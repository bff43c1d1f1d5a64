/**
 * The standard classifier: how a tool's name, description, schema and annotations become a category and a risk. It is
 * entered by {@link dev.interlock.policy.tool.rating.StandardToolClassifier}, and by {@link
 * dev.interlock.policy.tool.rating.ModelSpeech} for text that speaks to the model.
 */
@NullMarked
package dev.interlock.policy.tool.rating;

import org.jspecify.annotations.NullMarked;
