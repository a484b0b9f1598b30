// The second factor belongs to a session: the answer names the request that comes first, and it works.
import { nodes, totp } from "../../../clients/node/lib.mjs"

const SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

export default [
  async (site, t) => {
    const { sdk } = site
    const url = `otpauth://totp/App:user?secret=${SECRET}&issuer=App`
    const { traits } = await site.person(undefined, { credentials: { totp: { config: { totp_url: url } } } })

    const refused = await t.refused(sdk.createNativeLoginFlow({ aal: "aal2" }), 401, "a second factor before the first")
    const { error } = refused.body
    site.show("the second factor first", refused.body)
    t.eq(error.id, "session_aal1_required", "the id")
    t.eq(error.bia.next.url, `${site.base}/self-service/login/api`, "the request that comes first")
    t.ok(/session token/.test(error.bia.hint), "what was missing", error.bia.hint)

    const first = await (await fetch(error.bia.next.url)).json()
    const one = await site.submit("login", first, { method: "password", identifier: traits.email, password: "a-password-of-my-own" })
    const flow = await sdk.createNativeLoginFlow({ aal: "aal2", xSessionToken: one.session_token })
    t.ok(nodes(flow).some((n) => n.group === "totp"), "then the second step is there")
    const two = await site.submit("login", flow, { method: "totp", totp_code: totp(SECRET) }, one.session_token)
    t.eq(two.session.authenticator_assurance_level, "aal2", "and both are given")
  },
]
