/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef PATIENCE_H
#define PATIENCE_H

/*
 * How long a test waits for what must come before it says that it hangs. It judges nothing but a
 * hang: a machine that is overloaded or emulated may take nearly so long and pass. No test may
 * conclude anything from a time or from a share of a CPU: it counts events, or drives the clock.
 */
#define PATIENCE_S 180
#define PATIENCE_MS (PATIENCE_S * 1000u)
#define PATIENCE_NS (PATIENCE_S * 1000000000ull)

#endif /* PATIENCE_H */
