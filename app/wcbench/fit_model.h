/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef FIT_MODEL_H
#define FIT_MODEL_H

/* The rows of a run, made by the link model instead of a machine. */

#include "fit_run.h"

/* The rows of some runs, each distinct one once. Opaque. */
struct fit_model;

/* Takes the rows over by reference. 0 or -ENOMEM; fit_model_destroy() frees it, NULL too. */
WC_MUST_CHECK int fit_model_create(const struct fit_runs *runs, struct fit_model **model);
void fit_model_destroy(struct fit_model *model);

/*
 * What the model makes of each row with these parameters: nanoseconds, in the order of the runs'
 * rows. The same parameters give the same figures. Stores some ten thousand times: about a
 * millisecond. 0, -ENOMEM, or -EINVAL: a parameter is out of range.
 */
WC_MUST_CHECK int
fit_model_rows(struct fit_model *model, const struct pcielink_config *config, double *ns);

#endif /* FIT_MODEL_H */
