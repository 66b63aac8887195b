/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/*
 * Rx interrupts (datasheet section 5): one eventfd a queue, which the attach binds to the MSI-X
 * vector of the queue's number. The eventfds are the application's from start to stop, whatever
 * becomes of the card meanwhile.
 */

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <ethdev_driver.h>
#include <rte_interrupts.h>

#include "wcnic_attach.h"
#include "wcnic_hw.h"
#include "wcnic_intr.h"
#include "wcnic_log.h"

/*
 * A handle of EAL: VDEV is its name there. EAL reads 8 bytes from an eventfd that became ready; not
 * where another process has it, too, which could make that read wait. EAL does without: it waits
 * for edges.
 */
static int
handle_make(struct wcnic_hw *hw)
{
	struct rte_intr_handle *intr = rte_intr_instance_alloc(RTE_INTR_INSTANCE_F_PRIVATE);
	int fd;

	if (intr == NULL)
		return -ENOMEM;
	hw->intr = intr;
	if (rte_intr_type_set(intr, RTE_INTR_HANDLE_VDEV) != 0 ||
	    rte_intr_efd_counter_size_set(intr, hw->attach->irqs_shared ? 0 : sizeof(uint64_t)) !=
		    0 ||
	    rte_intr_vec_list_alloc(intr, "wcnic_intr", hw->n_rxq) != 0)
		return -ENOMEM;
	for (uint16_t i = 0; i < hw->n_rxq; i++) {
		fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (fd < 0)
			return -errno;
		if (rte_intr_efds_index_set(intr, i, fd) != 0) {
			close(fd);
			return -ENOMEM;
		}
		/* counted one by one: stop closes as many */
		(void)rte_intr_nb_efd_set(intr, i + 1);
		if (rte_intr_vec_list_index_set(intr, i, RTE_INTR_VEC_RXTX_OFFSET + i) != 0)
			return -ENOMEM;
	}
	/* more than eventfds: EAL closes them with the handle's own */
	return rte_intr_max_intr_set(intr, hw->n_rxq + 1) != 0 ? -ENOMEM : 0;
}

int
wcnic_intr_start(struct rte_eth_dev *dev)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);
	int ret;

	if (dev->data->dev_conf.intr_conf.rxq == 0)
		return 0;
	if (hw->attach->irq_bind == NULL) {
		WCNIC_LOG(ERR, hw,
			  "no Rx interrupts: a card that bursts poll cannot raise them; they need "
			  "vfio-pci, socket= or thread=1");
		return -ENOTSUP;
	}
	if ((hw->id.caps & WCNIC_CAP_MSIX) == 0) {
		WCNIC_LOG(ERR, hw, "no Rx interrupts: the card has no MSI-X");
		return -ENOTSUP;
	}
	if (hw->id.max_vectors < hw->n_rxq) {
		WCNIC_LOG(ERR, hw,
			  "no Rx interrupts: the card has %u vectors, and there are %u Rx queues; "
			  "configure at most as many queues",
			  hw->id.max_vectors, hw->n_rxq);
		return -ENOTSUP;
	}
	ret = handle_make(hw);
	if (ret == 0) {
		dev->intr_handle = hw->intr;
		return 0;
	}
	WCNIC_LOG(ERR, hw, "no Rx interrupts: cannot make %u eventfds: %s", hw->n_rxq,
		  strerror(-ret));
	wcnic_intr_stop(dev);
	return ret;
}

void
wcnic_intr_stop(struct rte_eth_dev *dev)
{
	struct wcnic_hw *hw = wcnic_hw_get(dev->data);

	if (hw->intr == NULL)
		return;
	(void)rte_intr_max_intr_set(hw->intr, rte_intr_nb_efd_get(hw->intr) + 1);
	rte_intr_efd_disable(hw->intr);
	rte_intr_vec_list_free(hw->intr);
	rte_intr_instance_free(hw->intr);
	hw->intr = NULL;
	dev->intr_handle = NULL;
}

int
wcnic_intr_bind(struct wcnic_hw *hw)
{
	int fds[WCNIC_QUEUES_MAX];
	int ret;

	if (hw->intr == NULL)
		return 0;
	for (uint16_t i = 0; i < hw->n_rxq; i++)
		fds[i] = rte_intr_efds_index_get(hw->intr, i);
	ret = hw->attach->irq_bind(hw, hw->n_rxq, fds);
	if (ret != 0)
		WCNIC_LOG(ERR, hw, "cannot bind %u interrupt vectors: %s", hw->n_rxq,
			  strerror(-ret));
	return ret;
}

void
wcnic_intr_raise(struct wcnic_hw *hw, uint16_t qid)
{
	const uint64_t one = 1;
	int fd, ret = 0;

	if (hw->intr == NULL)
		return;
	fd = rte_intr_efds_index_get(hw->intr, qid);
	if (hw->attach->irqs_shared)
		ret = wcnic_intr_signal(fd);
	else if (write(fd, &one, sizeof(one)) < 0 && errno != EAGAIN) /* full is raised */
		ret = -errno;
	if (ret != 0)
		WCNIC_LOG(ERR, hw, "Rx queue %u: cannot raise its eventfd: %s", qid,
			  strerror(-ret));
}

void
wcnic_intr_wake(struct wcnic_hw *hw)
{
	for (uint16_t i = 0; hw->intr != NULL && i < hw->n_rxq; i++)
		wcnic_intr_raise(hw, i);
}

uint16_t
wcnic_intr_vector(const struct wcnic_hw *hw, uint16_t qid)
{
	return hw->intr != NULL ? qid : WCNIC_VECTOR_NONE;
}
