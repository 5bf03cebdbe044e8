#!/bin/sh
# The floor: what the engine alone takes for the same files, from a ready checkout with a warm provider cache.
# usage: floor.sh plan|apply JOBS < directories
# plan: init, plan -out, show -json; apply: the same, then apply of that plan. Each directory has what its engine needs and no
# .terraform, which would say another CLI workspace or backend than a fresh checkout: one that has is refused, and left as it is. TF_CLI_CONFIG_FILE names a filesystem mirror, so that no init downloads or copies a provider.
set -eu
case "$#${1:-}" in 2plan | 2apply) ;; *) echo "usage: floor.sh plan|apply JOBS < directories; apply changes what they describe" >&2; exit 2 ;; esac
verb=$1 jobs=$2
export TF_IN_AUTOMATION=1 TF_INPUT=0 TF_DATA_DIR=.floor CHECKPOINT_DISABLE=1 VERB="$verb" ENGINE="${ENGINE:-terraform}"
exec xargs -P "$jobs" -I {} sh -eu -c '
	cd "$1"
	[ ! -e .terraform ] || { echo "$1 has a .terraform: take a fresh checkout" >&2; exit 255; }
	rm -rf .floor plan.tfplan
	"$ENGINE" init -input=false -no-color > init.log 2>&1 || { cat init.log >&2; exit 255; }
	"$ENGINE" plan -input=false -no-color -out plan.tfplan > plan.log 2>&1 || { cat plan.log >&2; exit 255; }
	"$ENGINE" show -json -no-color plan.tfplan > plan.json
	if [ "$VERB" = apply ]; then
		"$ENGINE" apply -input=false -no-color plan.tfplan > apply.log 2>&1 || { cat apply.log >&2; exit 255; }
	fi
' floor {}
