/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */
#ifndef WCDEV_FLOW_H
#define WCDEV_FLOW_H

/*
 * For card models: a table of rules that match frames by masked keys. Rules of the same priority
 * and mask are in one hash table, a group, so a look-up costs one probe for each group (tuple space
 * search). A key is the card's own: so many bytes, whatever they mean.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wcbase.h>

#define WCDEV_FLOW_KEY_WORDS 8u

struct wcdev_flow_key {
	uint64_t words[WCDEV_FLOW_KEY_WORDS];
};

struct wcdev_flow_group;

/* A part of the card's own rule, whose memory is the card's. */
struct wcdev_flow_rule {
	struct wcdev_flow_key key; /* masked by wcdev_flow_add() */
	uint32_t priority;         /* 0 comes first */
	uint32_t id;               /* of the same priority, the lower comes first; unique */
	struct wcdev_flow_group *group;
	struct wcdev_flow_rule *next; /* in the same bucket */
	struct wcdev_flow_rule *hit;  /* see wcdev_flow_hits() */
};

/* All zeroes: no rules. */
struct wcdev_flow_table {
	struct wcdev_flow_group *groups; /* by priority */
	uint32_t n_rules;
};

/*
 * Adds a rule whose key, priority and id are set. 0; -EEXIST: one with the same mask, key and
 * priority is there; -ENOMEM.
 */
WC_MUST_CHECK int wcdev_flow_add(struct wcdev_flow_table *table, struct wcdev_flow_rule *rule,
				 const struct wcdev_flow_key *mask);
/* Takes out a rule that is in the table; what it lived in is the caller's again. */
void wcdev_flow_remove(struct wcdev_flow_table *table, struct wcdev_flow_rule *rule);

/*
 * The rules that match `key`, from `*group` on, of the first priority that has any: a list by
 * `hit`, ordered by id, that is good until the next call. Sets *group to where the next call goes
 * on. NULL: none. *group is table->groups at first.
 */
struct wcdev_flow_rule *
wcdev_flow_hits(const struct wcdev_flow_group **group, const struct wcdev_flow_key *key);

#endif /* WCDEV_FLOW_H */
