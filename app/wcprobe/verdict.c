/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The wcnic authors
 */

/* From what was measured to what is concluded. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <wcbase.h>

#include "verdict.h"

/*
 * A line takes eight 8-byte stores or one to four wide ones. Where every store leaves alone, the
 * eight cost several times the wide ones; where stores gather, both are one line on the link.
 * Between the two limits timing tells nothing: four 16-byte stores cost half of eight in any case.
 */
#define RATIO_GATHERS 1.5
#define RATIO_SEPARATE 3.0
/* No 8-byte store to a device that leaves alone was ever seen to be faster; memory is. */
#define SEPARATE_MIN_NS 5.0
/* A line that leaves for a device costs more than one that stays in the cache. */
#define RATIO_MEMORY 2.0
/* Whole lines per line of 8-byte stores: this much is combining, and this little is none. */
#define WHOLE_GATHERS 0.5
#define WHOLE_SEPARATE 0.01

WC_PRINTF(4, 5)
static void
effective_set(struct effective *e, enum effective_state state, enum confidence confidence,
	      const char *format, ...)
{
	va_list ap;

	e->state = state;
	e->confidence = confidence;
	va_start(ap, format);
	vsnprintf(e->why, sizeof(e->why), format, ap);
	va_end(ap);
}

static const struct wcbar_rank *
rank_find(const struct wcbar_calibration *cal, bool narrow)
{
	for (size_t i = 0; i < cal->ranks; i++) {
		if ((strcmp(cal->rank[i].store->name, "u64") == 0) == narrow)
			return &cal->rank[i];
	}
	return NULL;
}

double
timing_ratio(const struct wcbar_calibration *cal)
{
	const struct wcbar_rank *narrow = rank_find(cal, true), *wide = rank_find(cal, false);

	if (narrow == NULL || wide == NULL || wide->ns_per_line <= 0)
		return 0;
	return narrow->ns_per_line / wide->ns_per_line;
}

void
effective_from_timing(const struct timing *timing, bool hypervisor, struct effective *e)
{
	const struct wcbar_calibration *cal = &timing->cal;
	const struct wcbar_rank *wide = rank_find(cal, false);
	double ratio = timing_ratio(cal);

	e->source = SOURCE_TIMING;
	if (!cal->direct) {
		effective_set(
			e, EFFECTIVE_TRAPPED, hypervisor ? CONFIDENCE_LIKELY : CONFIDENCE_GUESS,
			"an 8-byte store takes %.0f ns and a read %.0f ns: as long as an exit "
			"to a hypervisor, far longer than a device takes%s",
			cal->ns_per_store, cal->ns_per_read,
			hypervisor ? "" : "; yet no hypervisor is seen");
		return;
	}
	if (ratio <= 0) {
		effective_set(e, EFFECTIVE_UNCLEAR, CONFIDENCE_NONE,
			      "an 8-byte store takes %.1f ns, and there is no wider store to "
			      "compare it with",
			      cal->ns_per_store);
		return;
	}
	if (rank_find(cal, true)->ns_per_line < RATIO_MEMORY * timing->memory_ns_per_line) {
		effective_set(e, EFFECTIVE_UNCLEAR, CONFIDENCE_NONE,
			      "a line of eight 8-byte stores takes %.1f ns, and %.1f ns into "
			      "ordinary memory: too cheap to leave for a device, so there is "
			      "memory behind the BAR",
			      rank_find(cal, true)->ns_per_line, timing->memory_ns_per_line);
		return;
	}
	if (ratio >= RATIO_SEPARATE && cal->ns_per_store >= SEPARATE_MIN_NS) {
		effective_set(e, EFFECTIVE_SEPARATE, CONFIDENCE_LIKELY,
			      "a line of eight 8-byte stores takes %.1f times a line of %s stores "
			      "(%.1f ns): each store is paid for alone",
			      ratio, wide->store->name, wide->ns_per_line);
		return;
	}
	if (ratio <= RATIO_GATHERS) {
		effective_set(e, EFFECTIVE_GATHERS,
			      hypervisor ? CONFIDENCE_GUESS : CONFIDENCE_LIKELY,
			      "a line of eight 8-byte stores takes %.1f times a line of %s stores "
			      "(%.1f ns): about one price a line%s",
			      ratio, wide->store->name, wide->ns_per_line,
			      hypervisor ? "; in a virtual machine that can also be memory behind "
					   "the BAR"
					 : "");
		return;
	}
	effective_set(e, EFFECTIVE_UNCLEAR, CONFIDENCE_NONE,
		      "a line of eight 8-byte stores takes %.1f times a line of %s stores at "
		      "%.1f ns a store: neither one price a line nor one a store",
		      ratio, wide->store->name, cal->ns_per_store);
}

static const struct card_store *
card_narrow(const struct card_result *card)
{
	for (size_t i = 0; i < card->stores; i++) {
		if (strcmp(card->store[i].name, "u64") == 0)
			return &card->store[i];
	}
	return NULL;
}

/* Wide stores were tried, and nothing wider than 8 bytes came. */
static bool
card_saw_pieces_only(const struct card_result *card)
{
	for (size_t i = 0; i < card->stores; i++) {
		if (card->store[i].arrivals[4] + card->store[i].arrivals[5] +
			    card->store[i].arrivals[6] + card->store[i].arrivals[7] !=
		    0)
			return false;
	}
	return card->stores > 1;
}

void
effective_from_card(const struct card_result *card, bool hypervisor, struct effective *e)
{
	const struct card_store *s = card_narrow(card);
	char slow[96] = "";
	double whole;

	e->source = SOURCE_CARD;
	if (!card->observable) {
		effective_set(e, EFFECTIVE_NOT_OBSERVABLE, CONFIDENCE_NONE,
			      "the card answers NOT_OBSERVABLE: it cannot see single stores");
		return;
	}
	if (s == NULL || s->lines == 0) {
		effective_set(e, EFFECTIVE_UNCLEAR, CONFIDENCE_NONE,
			      "the card saw no line of 8-byte stores");
		return;
	}
	whole = (double)s->whole / s->lines;
	if (!card->cal.direct)
		snprintf(slow, sizeof(slow),
			 "; an 8-byte store takes %.0f ns, as on a slow machine or when emulated",
			 card->cal.ns_per_store);
	if (whole >= WHOLE_GATHERS) /* an emulated store never arrives together with others */
		effective_set(e, EFFECTIVE_GATHERS, CONFIDENCE_CERTAIN,
			      "of %u lines of 8-byte stores the card saw %u arrive whole%s",
			      s->lines, s->whole, slow);
	else if (hypervisor && card_saw_pieces_only(card))
		effective_set(e, EFFECTIVE_TRAPPED, CONFIDENCE_GUESS,
			      "the card saw %u of %u lines whole, and even wide stores came in "
			      "pieces of 8 bytes: as a hypervisor that emulates them passes them "
			      "on",
			      s->whole, s->lines);
	else if (whole < WHOLE_SEPARATE)
		effective_set(e, EFFECTIVE_SEPARATE, CONFIDENCE_CERTAIN,
			      "of %u lines of 8-byte stores the card saw %u arrive whole%s",
			      s->lines, s->whole, slow);
	else
		effective_set(e, EFFECTIVE_UNCLEAR, CONFIDENCE_NONE,
			      "of %u lines of 8-byte stores the card saw only %u arrive whole%s",
			      s->lines, s->whole, slow);
}

WC_PRINTF(4, 5)
static void
verdict_set(struct verdict *v, enum verdict_id id, enum confidence confidence, const char *format,
	    ...)
{
	va_list ap;

	v->id = id;
	v->confidence = confidence;
	va_start(ap, format);
	vsnprintf(v->why, sizeof(v->why), format, ap);
	va_end(ap);
}

/* The mapping is WC as far as this system's page tables go. */
static void
verdict_wc(const struct effective *e, bool hypervisor, struct verdict *v)
{
	switch (e->state) {
	case EFFECTIVE_GATHERS:
		/* Emulators and memory behind a BAR can cost anything. */
		if (hypervisor && e->source == SOURCE_TIMING)
			break;
		verdict_set(v, VERDICT_COMBINING, e->confidence, "mapped WC; %s", e->why);
		return;
	case EFFECTIVE_SEPARATE:
		/* A guest cannot tell a Device stage 2 from a CPU that never gathers. */
		if (hypervisor)
			verdict_set(v, VERDICT_STAGE2_DEVICE, CONFIDENCE_GUESS,
				    "mapped WC, but %s. This is a virtual machine: its host most "
				    "likely maps the BAR as Device; or it emulates stores, "
				    "or the CPU does not gather",
				    e->why);
		else
			verdict_set(v, VERDICT_NOT_GATHERING, e->confidence,
				    "mapped WC and no hypervisor in between, but %s", e->why);
		return;
	case EFFECTIVE_NOT_TESTED:
	case EFFECTIVE_UNCLEAR:
	case EFFECTIVE_NOT_OBSERVABLE:
	case EFFECTIVE_TRAPPED:
	case EFFECTIVE_STATES:
		break;
	}
	verdict_set(v, VERDICT_UNKNOWN, CONFIDENCE_NONE, "mapped WC; %s", e->why);
}

void
verdict_make(enum wcbar_type intended, bool answered, const struct effective *e, bool hypervisor,
	     struct verdict *v)
{
	if (intended == WCBAR_TYPE_UNKNOWN) {
		verdict_set(v, VERDICT_NOT_MAPPABLE,
			    answered ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY,
			    answered ? "every rung failed" : "every rung is predicted to fail");
		return;
	}
	if (!answered) {
		if (intended == WCBAR_TYPE_WC)
			verdict_set(v, VERDICT_UNKNOWN, CONFIDENCE_NONE,
				    "a WC mapping is predicted; nothing was mapped or stored");
		else
			verdict_set(v, VERDICT_STAGE1_DEVICE, CONFIDENCE_LIKELY,
				    "only an uncached mapping is predicted");
		return;
	}
	if (e->state == EFFECTIVE_TRAPPED) {
		verdict_set(v, VERDICT_TRAPPED, e->confidence, "%s", e->why);
		return;
	}
	if (intended == WCBAR_TYPE_WC) {
		verdict_wc(e, hypervisor, v);
		return;
	}
	/* Device is the strongest type: no stage 2 makes it weaker. */
	if (e->state != EFFECTIVE_GATHERS)
		verdict_set(v, VERDICT_STAGE1_DEVICE, CONFIDENCE_CERTAIN,
			    "the only mapping to be had is uncached, and that never combines");
	else if (e->source == SOURCE_CARD)
		verdict_set(v, VERDICT_COMBINING, CONFIDENCE_CERTAIN,
			    "mapped uncached and yet %s: an MTRR or another mapping of the BAR "
			    "made it WC",
			    e->why);
	else
		verdict_set(v, VERDICT_UNKNOWN, CONFIDENCE_NONE,
			    "mapped uncached, which never combines, and yet %s: memory behind "
			    "the BAR, or a mapping that is not what it was asked to be",
			    e->why);
}

void
verdict_of_driver(const char *driver, const struct effective *e, bool hypervisor, struct verdict *v)
{
	const bool gathers = e->state == EFFECTIVE_GATHERS &&
			     (e->source == SOURCE_CARD || !hypervisor);

	verdict_set(v, gathers ? VERDICT_COMBINING : VERDICT_UNKNOWN,
		    gathers ? e->confidence : CONFIDENCE_NONE,
		    "%s may map BARs by rules of its own, which are not known here; %.380s", driver,
		    e->why);
}
