// A second factor in a first-factor flow: the same id, what the flow takes, and the flow stays usable.
import { ids } from "../../../clients/node/lib.mjs"
import { PASSWORD } from "./site.mjs"

export default [
  async (site, t) => {
    const { traits } = await site.person()
    const flow = await site.sdk.createNativeLoginFlow()
    const refused = await t.refused(site.submit("login", flow, { method: "totp", totp_code: "123456" }), 400, "totp first")
    site.show("totp in a first-factor flow", refused.body)
    t.eq(ids(refused.body), [4010002], "the id")
    t.ok(/password/.test(refused.body.bia.hint), "what the flow takes", refused.body.bia.hint)
    t.ok(/aal=aal2/.test(refused.body.bia.next.url), "what was probably meant", refused.body.bia.next)
    const done = await site.submit("login", flow, { method: "password", identifier: traits.email, password: PASSWORD })
    t.eq(done.session.active, true, "the same flow takes the first factor")
  },
]
