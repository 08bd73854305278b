package com.wellnecity.fhir.validator;

/**
 * One resource to validate.
 *
 * @param name what it is and where it comes from
 * @param group samples are counted by it
 * @param type its resource type
 * @param resource its JSON
 * @param expected the error it must have, null where it must have none
 */
record Sample(String name, String group, String type, String resource, Expected expected) {}
