#!/bin/sh
# The story that docs/operating.md tells: two quarters and a month of a simulated company,
# refreshed, reviewed, signed, published, decided on and learned from.
#
#   sh docs/two_quarters.sh [FOLDER]      makes FOLDER/story and plays in it; three refreshes
#
# What is simulated takes the day after its period for today, so it can be played on any day.
set -eu
mmm init story --in "${1:-.}"
cd "${1:-.}/story"
PARAMS=params/demo.yaml

# --- The second quarter: reviewed, signed, published, and a plan of it decided on.
mmm refresh $PARAMS
mmm preread
mmm document preread
mmm sign data --as "Tomasz Lindqvist"
mmm sign data --as "Mirko Vidal"
mmm sign model --as "Priya Raman"
mmm sign model --as "Mirko Vidal"
mmm sign recommendation --as "Dana Okafor"
mmm publish --to published --mail release.eml
mmm document memo
mmm decide approve --scenario increase_search --owner "Dana Okafor" --rationale "It most likely pays; a loss is within its range." --watch "Leads"
mmm document decision D1
mmm budget-decision "Sponsorship of a fair" 250000 --owner "Dana Okafor"
mmm calendar --ics team.ics

# --- The third quarter: by a new rule of the team a finding blocks, and is waived for a time.
cat >> params/governance/policy.yaml <<'RULE'
  - check: scenarios.recommendation
    gate: block
    reason: where no plan is safe to act on, somebody answers for what is put forward
RULE
UNTIL=2026-10-31
SECOND="--set refresh.period=2026-Q3 --set data.simulated.vintage=2"
mmm refresh $PARAMS $SECOND || [ $? = 2 ]    # 2: a gate blocks
mmm preread
mmm publish --to published || echo "Refused, as it has to be."
mmm waive scenarios.recommendation workbook --as "Mirko Vidal" --why "Every plan is marked for review." --until $UNTIL
mmm sign data --as "Tomasz Lindqvist"
mmm sign data --as "Mirko Vidal"
mmm publish --to published
mmm decisions

# --- A month at the end of the year: no new plans, and what the decided one brought is known.
THIRD="--set refresh.kind=monthly --set refresh.period=2026-12 --set data.simulated.vintage=3"
mmm refresh $PARAMS $THIRD
mmm preread
mmm sign data --as "Tomasz Lindqvist"
mmm sign data --as "Mirko Vidal"
mmm publish --to published
mmm document memo
mmm outcome D1                               # as the refresh estimates it; or with a value that was counted
mmm document retrospective D1
printf 'time,consumer,run\n%s\n' "2026-10-05,Finance,$(cd runs && ls -d demo-2026-Q3-*)" > views.csv
mmm adoption --views views.csv --to documents
mmm store verify
