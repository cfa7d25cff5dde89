#!/bin/sh
# One day of the pipeline: `run_day.sh 2013-01-31`.
#
# Ends with 0 where the day is done (the model stays, or was replaced), 3 where a check stopped it,
# 1 where a step failed, 2 where the words are wrong.

day=${1:-}
if [ -z "$day" ]; then
    echo "usage: run_day.sh DAY, such as 2013-01-31" >&2
    exit 2
fi
cd "$(dirname "$0")" || exit 2

# The id of the newest run that a query selects, or nothing.
newest() {
    aseptic runs "$1" --limit 1 --csv | sed -n '2s/,.*//p'
}

# Runs one notebook. Its exit code goes on, but what ends the day ends it here.
step() {
    notebook=$1
    shift
    aseptic run "$notebook.ipynb" -p "day=$day" --timeout 600 --quiet "$@"
    code=$?
    case $code in
        0 | 4) return "$code" ;;
        3 | 5)
            echo "$day: stopped at $notebook by a check; the deployed model stays"
            exit 3
            ;;
        *)
            echo "$day: $notebook failed (exit code $code); the deployed model stays"
            exit 1
            ;;
    esac
}

promote() {
    aseptic tag "$1" +deployed
    aseptic baseline "$1"
    [ -z "$2" ] || aseptic tag "$2" -deployed +retired
}

step collect
deployed=$(newest "'deployed' in tags")
step analyse
step train
new=$(newest "experiment == 'train' and status == 'finished'")
step test
if [ -z "$deployed" ]; then
    promote "$new" ""
    echo "$day: the first model is deployed"
    exit 0
fi
step validate -p "deployed=$deployed" --metric test_mae \
    --against "$(newest "experiment == 'test' and status == 'finished'")"
verdict=$?
stale=$(newest "'H11' in findings and params.day == '$day'")
[ -z "$stale" ] || echo "$day: the deployed model has gone stale: see aseptic show $stale"
if [ $verdict -eq 4 ]; then
    promote "$new" "$deployed"
    echo "$day: the model is replaced"
else
    echo "$day: the deployed model stays: no gain beyond noise"
fi
