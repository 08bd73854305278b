package com.wellnecity.fhir.validator;

import java.util.List;

/** A sample, what the validator says of it, and how long that took. */
record Checked(Sample sample, List<Finding> findings, long nanoseconds) {}
