#!/bin/sh
# Holds the test bed's policy evaluator against an independent one, on random requests. The other one is under the AGPL:
# it is installed into a temporary folder for this comparison alone, and is neither a dependency nor shipped.
#
#   scripts/compare-evaluator.sh [CASES] [SEED]
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" @cloud-copilot/iam-simulate@0.1.173
KEYGUARD_POLICY_ORACLE=$folder KEYGUARD_POLICY_CASES=${1:-5000} KEYGUARD_POLICY_SEED=${2:-1} \
  npx vitest run test/aws/evaluator-oracle.test.ts
