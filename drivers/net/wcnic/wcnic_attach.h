/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCNIC_ATTACH_H
#define WCNIC_ATTACH_H

/* How the card is reached: everything above this is the same code for every way. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcbar.h>
#include <wcbar_pci.h>

struct wcnic_devargs;
struct wcnic_hw;

/*
 * All calls return 0 or -errno. Control path only, but for poll and wake. `ctx` of the hw is the
 * attach's own.
 */
struct wcnic_attach_ops {
	const char *name;
	/* Reaches the card and makes host memory known to it; again after close() to recover. */
	int (*open)(struct wcnic_hw *hw);
	/* Lets go of the card and of what open() made; the card forgets host memory. */
	void (*close)(struct wcnic_hw *hw);
	/* Frees ctx at the end of the port's life. */
	void (*free)(struct wcnic_hw *hw);
	int (*reg_read)(struct wcnic_hw *hw, uint32_t off, void *value, size_t bytes);
	int (*reg_write)(struct wcnic_hw *hw, uint32_t off, const void *value, size_t bytes);
	/* Maps [off, off + bytes) of BAR2; fills addr, bytes and the type that came out. */
	int (*window_map)(struct wcnic_hw *hw, uint64_t off, size_t bytes, enum wcbar_type intended,
			  struct wcbar_window *win);
	void (*window_unmap)(struct wcnic_hw *hw, struct wcbar_window *win);
	/* How much of BAR2 there is, whatever the card says. NULL: as much as it says. */
	uint64_t (*aperture_bytes)(struct wcnic_hw *hw);
	/*
	 * The rung that the window at `off` of BAR2 came by, and what each rung answered
	 * (WCBAR_RUNGS of them). NULL: windows are shared memory, there is no ladder.
	 */
	enum wcbar_rung (*window_rung)(struct wcnic_hw *hw, uint64_t off,
				       struct wcbar_answer *answers);
	/* True if somebody took the mapping of BAR2 away; where it was noticed. NULL: cannot be. */
	bool (*window_revoked)(struct wcnic_hw *hw, uint64_t *off);
	/*
	 * Binds the card's vectors [0, n) to eventfds; n = 0 lets go of all. NULL, -ENOTSUP: no
	 * interrupts this way.
	 */
	int (*irq_bind)(struct wcnic_hw *hw, unsigned int n, const int *fds);
	/* The card is another process, which has these eventfds from then on. */
	bool irqs_shared;
	/* False once the card cannot be reached any more. NULL: always there. */
	bool (*alive)(struct wcnic_hw *hw);
	/*
	 * True once somebody wants the card back: it still works. Where this is not NULL, a card
	 * that stays unreachable is gone for good, and the application is told to remove it.
	 */
	bool (*wanted_back)(struct wcnic_hw *hw);
	/*
	 * rte_dev_dma_map() and its counterpart, and whether the card reaches memory: see
	 * wcnic_dma.h. NULL, all three: EAL maps memory for the device.
	 */
	int (*dma_map)(struct wcnic_hw *hw, void *addr, uint64_t iova, size_t bytes);
	int (*dma_unmap)(struct wcnic_hw *hw, void *addr, uint64_t iova, size_t bytes);
	bool (*dma_reaches)(struct wcnic_hw *hw, uint64_t iova, size_t bytes);
	/*
	 * From here on the card can reach host memory. It has been reset: before that it may still
	 * use memory of a former owner. 0, or -errno after a log. NULL: it can from `open` on.
	 */
	int (*dma_start)(struct wcnic_hw *hw);
	/* From here on the card cannot touch host memory, whatever state it is in. NULL: no way. */
	void (*dma_stop)(struct wcnic_hw *hw);
	/* Writes to WAKE; called by bursts of any thread: it does not wait. NULL: nothing sleeps.
	 */
	int (*wake)(struct wcnic_hw *hw);
	/* Lets an embedded card work that has no thread; called by bursts. Else NULL. */
	void (*poll)(struct wcnic_hw *hw);
	/*
	 * The port ends. True: the calling thread was interrupted while it was the card, which can
	 * work no more, and is not there from now on. NULL: the card is somebody else.
	 */
	bool (*abandon)(struct wcnic_hw *hw);
};

/* Those of the vdev bus are there if the build has them: wcnic_attach_find() knows. */
extern const struct wcnic_attach_ops wcnic_attach_embedded;
extern const struct wcnic_attach_ops wcnic_attach_embedded_thread;
extern const struct wcnic_attach_ops wcnic_attach_socket;
extern const struct wcnic_attach_ops wcnic_attach_pci;

/*
 * The way to the card that the arguments of vdev `name` ask for; NULL, after logging it, if this
 * build does not have it.
 */
const struct wcnic_attach_ops *
wcnic_attach_find(const char *name, const struct wcnic_devargs *args);

#endif /* WCNIC_ATTACH_H */
