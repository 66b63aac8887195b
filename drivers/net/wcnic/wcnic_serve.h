/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_SERVE_H
#define WCNIC_SERVE_H

/* What the primary process does for secondary ones. */

/*
 * From now on secondary processes are answered, if there can be any; again: does nothing. 0, or
 * -errno of EAL. Control path of the primary.
 */
int wcnic_serve_start(void);

#endif /* WCNIC_SERVE_H */
