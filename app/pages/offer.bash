# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
# What the completions for bash have in common; those that are installed have a copy.

# _wcnic_offer POSITIONAL "OPTION [KIND]"...: what may stand at the cursor. KIND, and POSITIONAL for what is
# no option: file, folder, device, word:A|B, or other. Words are taken from the line, as bash splits at ":".
_wcnic_offer() {
	local line=${COMP_LINE:0:COMP_POINT} kind=$1 value= entry words=() before cur prev
	shift
	cur=${line##*[[:space:]]}
	before=${line%"$cur"}
	before=${before%"${before##*[![:space:]]}"}
	prev=${before##*[[:space:]]}
	[[ $cur != --*=* ]] || { prev=${cur%%=*} && cur=${cur#*=}; }
	for entry; do
		words+=("${entry%% *}")
		[[ $entry != "$prev "* ]] || { kind=${entry#* } && value=yes; }
	done
	[ -n "$value" ] || [[ $cur != -* ]] || kind="word:$(IFS='|' && echo "${words[*]}")"
	COMPREPLY=()
	case $kind in
	file | folder)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -A "${kind/folder/directory}" -- "$cur")
		;;
	device) mapfile -t COMPREPLY < <(compgen -W "$(ls /sys/bus/pci/devices 2>/dev/null)" -- "$cur") ;;
	word:*)
		kind=${kind#word:}
		mapfile -t COMPREPLY < <(compgen -W "${kind//|/ }" -- "$cur")
		;;
	esac
	[[ $cur != *:* || $COMP_WORDBREAKS != *:* ]] || COMPREPLY=("${COMPREPLY[@]#"${cur%:*}:"}")
}
